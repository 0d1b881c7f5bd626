/** The org's settings as a form: what it holds, and what of it has changed. Pure. */
import type { Org } from "../answers.ts";
import { sentNumber } from "../sent-number.ts";

/** Numbers and URLs are texts until they are sent; the server judges them. */
export interface OrgDraft {
  name: string;
  default_webhook: string;
  ops_webhook: string;
  webhook_events: string[];
  delay_for_citations: boolean;
  citations_timeout_seconds: string;
  retention_days: string;
  erase_payload_when_delivered: boolean;
}

export const draftOf = (org: Org): OrgDraft => ({
  name: org.name,
  default_webhook: org.default_webhook ?? "",
  ops_webhook: org.ops_webhook ?? "",
  webhook_events: org.webhook_events,
  delay_for_citations: org.delay_for_citations,
  citations_timeout_seconds: String(org.citations_timeout_seconds),
  retention_days: String(org.retention_days),
  erase_payload_when_delivered: org.erase_payload_when_delivered,
});

/** What PATCH is to change: only what differs. An empty URL is none; an empty number is null. */
export function changesOf(org: Org, draft: OrgDraft): Record<string, unknown> {
  const before = draftOf(org);
  const names = Object.keys(before) as (keyof OrgDraft)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(draft[name]));
  return Object.fromEntries(changed.map((name) => [name, sentAs(name, draft[name])]));
}

const NUMBERS: readonly (keyof OrgDraft)[] = ["citations_timeout_seconds", "retention_days"];
const URLS: readonly (keyof OrgDraft)[] = ["default_webhook", "ops_webhook"];

function sentAs(name: keyof OrgDraft, value: OrgDraft[keyof OrgDraft]): unknown {
  if (typeof value !== "string" || name === "name") return value;
  const text = value.trim();
  if (URLS.includes(name)) return text === "" ? null : text;
  return NUMBERS.includes(name) ? sentNumber(text) : text;
}

/** The events that a webhook may be wanted for. Only the first has an effect. */
// biome-ignore format: as many on a line as there is room for
export const EVENTS: readonly string[] = [
  "citations", "call", "queue", "latency", "webhook", "tool", "dynamic_data", "evals", "post_transfer_transcript",
];

/** The events with this one, or without it, in a fixed order. */
export const withEvent = (events: readonly string[], event: string, isWanted: boolean): string[] =>
  [...events.filter((one) => one !== event), ...(isWanted ? [event] : [])].sort(
    (a, b) => order(a) - order(b),
  );

const order = (event: string): number => EVENTS.indexOf(event);
