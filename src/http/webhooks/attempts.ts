/** `GET /v1/postcall/webhooks/{call_id}/attempts`: each attempt with what was sent and what was answered. */
import type { Context } from "hono";
import { isCallId } from "../../core/call-id.ts";
import type { Attempt, AttemptDetails } from "../../record/attempts.ts";
import { readHistory } from "../../record/logs.ts";
import { okList, refuseCursor } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Given } from "../route.ts";
import type { HttpEnv } from "../services.ts";
import { noWebhook } from "./handlers.ts";
import type { attemptsQuery } from "./schemas.ts";

/** The place of the last attempt that was shown. */
const PLACE = /^\d{4}-\d\d-[\dT:.]{15}Z [\w-]{1,80} \d{5}$/;

export async function getAttempts(
  c: Context<HttpEnv>,
  { query: { event, limit, cursor } }: Given<typeof attemptsQuery>,
): Promise<Response> {
  const [after] = cursor === undefined ? [""] : (readCursor(cursor, PLACE) ?? []);
  if (after === undefined) return refuseCursor(cursor);
  const call_id = c.req.param("call_id") ?? "";
  const { user_id } = c.get("apiKey");
  const key = { user_id, call_id, event };
  const history = isCallId(call_id) ? await readHistory(c.env.databaseOf(user_id), key) : null;
  if (history === null) return noWebhook(call_id);
  const detailsOf = new Map(history.details.map((details) => [nameOf(details), details]));
  const shown = history.attempts
    .filter((attempt) => placeOf(attempt) > after)
    .map((attempt) => renderAttempt(attempt, detailsOf.get(nameOf(attempt))));
  return okList(shown, { limit, cursorOf: (attempt) => writeCursor(placeOf(attempt)) });
}

/** Attempts are ordered by it: by time first. */
const placeOf = ({ sent_at, ...attempt }: Attempt): string => `${sent_at} ${nameOf(attempt)}`;

const nameOf = ({ delivery_id, attempt }: Pick<AttemptDetails, "delivery_id" | "attempt">): string =>
  `${delivery_id} ${String(attempt).padStart(5, "0")}`;

const renderAttempt = (attempt: Attempt, details: AttemptDetails | undefined) => ({
  ...attempt,
  request:
    details === undefined ? null : { url: details.request.url ?? null, headers: details.request.headers },
  response: details?.response ?? null,
  requested_by: details?.requested_by ?? null,
  details_dropped: details === undefined,
});
