/**
 * Builds the payloads that carry citations. Text in, text out: a reported payload keeps its bytes and is parsed only
 * if it must be.
 */
import { compactJson } from "./json.ts";

/** The citations that were posted. */
export interface Citations {
  citations: readonly unknown[];
  corrected_transcript?: readonly unknown[] | undefined;
}

/** Whether there is nothing to send. */
export const areEmpty = ({ citations, corrected_transcript = [] }: Citations): boolean =>
  citations.length + corrected_transcript.length === 0;

/**
 * The stored payload with the members of `citations` (a JSON object) added at its end. If the payload has a member of
 * the same name, the new value replaces it in place: no name may appear twice.
 */
export function combinedPayload(stored: string, citations: string): string {
  const combined = `${stored.slice(0, -1)},${citations.slice(1)}`;
  const mayRepeat = ["citations", "corrected_transcript"].some((name) => stored.includes(`"${name}":`));
  return mayRepeat ? compactJson(combined) : combined;
}

/** The payload of the separate event, with the members of `citations` (a JSON object). */
export function citationsEvent(
  { call_id, user_id }: { call_id: string; user_id: string },
  { citations, now }: { citations: string; now: number },
): string {
  const timestamp = new Date(now).toISOString();
  const head = JSON.stringify({ call_id, user_id, event_type: "citations", timestamp });
  return `${head.slice(0, -1)},${citations.slice(1)}`;
}
