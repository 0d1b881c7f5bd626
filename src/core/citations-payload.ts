/** The payloads that carry citations: text out. What was reported keeps its bytes, and is parsed only where it must be. */
import { isJsonObject, parseKeepingDigits } from "./json.ts";

/** Citations as they were posted; numbers keep their digits, see `json.ts`. */
export interface Citations {
  citations: unknown[];
  corrected_transcript?: unknown[] | undefined;
}

/** Nothing in them to tell. */
export const areEmpty = ({ citations, corrected_transcript = [] }: Citations): boolean =>
  citations.length + corrected_transcript.length === 0;

/**
 * The stored payload with the citations as its last members. One that has a member of that name already gets the new
 * value in its place: a name must not stand twice.
 */
export function combinedPayload(stored: string, members: Citations): string {
  const mayHave = Object.keys(members).some((name) => stored.includes(`"${name}":`));
  const parsed = mayHave ? parseKeepingDigits(stored) : null;
  if (parsed?.ok && isJsonObject(parsed.value)) return JSON.stringify({ ...parsed.value, ...members });
  return `${stored.slice(0, -1)},${JSON.stringify(members).slice(1)}`;
}

/** The payload of the separate event. */
export const citationsEvent = (
  call: { call_id: string; user_id: string },
  { members, now }: { members: Citations; now: number },
): string => {
  const { call_id, user_id } = call;
  const timestamp = new Date(now).toISOString();
  return JSON.stringify({ call_id, user_id, event_type: "citations", timestamp, ...members });
};
