/** Renders a webhook log as JSON. The payload is inserted as the text that is stored, and never parsed. */
import { shownState } from "../../core/endpoint.ts";
import { withoutQuery } from "../../core/target.ts";
import type { ListedLog } from "../../record/listing.ts";
import type { StoredLog } from "../../record/logs.ts";

/** The JSON text of a `WebhookLog`. A key without `read` gets neither the payload nor the URL's query; lists have no payload. */
export function renderLog(
  log: Omit<StoredLog, "report_digest" | "report_options" | "payload_altered">,
  { mayRead, withPayload = mayRead }: { mayRead: boolean; withPayload?: boolean },
): string {
  const { call_id, user_id, event, url, created_at, payload } = log;
  const head = JSON.stringify({
    call_id,
    user_id,
    event,
    url: mayRead ? url : withoutQuery(url),
    created_at: iso(created_at),
  });
  const tail = JSON.stringify(stateOf(log));
  return `${head.slice(0, -1)},${withPayload ? `"payload":${payload},` : ""}${tail.slice(1)}`;
}

/** The JSON text of a log in a list. */
export const renderListed = (log: ListedLog): string =>
  JSON.stringify({
    call_id: log.call_id,
    user_id: log.user_id,
    event: log.event,
    url: log.url,
    created_at: iso(log.created_at),
    to: log.to_number,
    from: log.from_number,
    inbound: log.inbound === null ? null : log.inbound === 1,
    attempts_total: log.attempts_total,
    ...stateOf(log),
  });

const stateOf = (
  log: Parameters<typeof shownState>[0] &
    Pick<StoredLog, "metadata" | "next_attempt_at" | "is_test" | "payload_erased_at">,
) => ({
  metadata: log.metadata,
  ...shownState(log),
  next_attempt_at: log.next_attempt_at === null ? null : iso(log.next_attempt_at),
  ...(log.is_test && { is_test: true }),
  ...(log.payload_erased_at !== null && { payload_erased_at: iso(log.payload_erased_at) }),
});

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
