/** Renders a webhook log as JSON. The payload is inserted as the text that is stored, and never parsed. */
import { shownState } from "../../core/endpoint.ts";
import { withoutQuery } from "../../core/target.ts";
import type { StoredLog } from "../../record/logs.ts";

/** The JSON text of a `WebhookLog`. A key without `read` gets neither the payload nor the URL's query; lists have no payload. */
export function renderLog(
  log: Omit<StoredLog, "report_digest" | "report_options" | "payload_altered">,
  { mayRead, withPayload = mayRead }: { mayRead: boolean; withPayload?: boolean },
): string {
  const { call_id, user_id, event, url, created_at, metadata, next_attempt_at, is_test } = log;
  const { payload, payload_erased_at } = log;
  const head = JSON.stringify({
    call_id,
    user_id,
    event,
    url: mayRead ? url : withoutQuery(url),
    created_at: iso(created_at),
  });
  const tail = JSON.stringify({
    metadata,
    ...shownState(log),
    next_attempt_at: next_attempt_at === null ? null : iso(next_attempt_at),
    ...(is_test && { is_test: true }),
    ...(payload_erased_at !== null && { payload_erased_at: iso(payload_erased_at) }),
  });
  return `${head.slice(0, -1)},${withPayload ? `"payload":${payload},` : ""}${tail.slice(1)}`;
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
