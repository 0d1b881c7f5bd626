/** `GET /v1/postcall/webhooks`: an org's logs, newest first, or those of named calls. */
import type { Context } from "hono";
import { LOG_EVENTS } from "../../core/webhook-log.ts";
import { findLogs, keyOfPlace, PLACE, readListed } from "../../record/listing.ts";
import { okPage, refuse, refuseCursor } from "../answer.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Given } from "../route.ts";
import type { HttpEnv } from "../services.ts";
import { digestOf, readFilter } from "./filter.ts";
import { renderListed } from "./render.ts";
import type { listQuery } from "./schemas.ts";

/** The digest of its filters, and the place of the last log that was looked at. */
const CURSOR = new RegExp(`^([0-9a-f]{16}) (${PLACE})$`);

export async function listWebhooks(
  c: Context<HttpEnv>,
  { query: { limit, cursor, call_ids, ...query } }: Given<typeof listQuery>,
): Promise<Response> {
  if (call_ids !== undefined) return listNamed(c, call_ids);
  const read = readFilter(query);
  if (!read.ok) return refuse(read.refusal);
  const { filter } = read;
  const { user_id } = c.get("apiKey");
  const digest = digestOf(user_id, filter);
  const [, bound, after] = cursor === undefined ? ["", digest] : (readCursor(cursor, CURSOR) ?? []);
  if (bound === undefined) return refuseCursor(cursor);
  if (bound !== digest)
    return refuse({ error: "invalid_parameter", message: OTHER_FILTERS, field: "cursor" });
  const database = c.env.databaseOf(user_id);
  const { found, next } = await findLogs(database, { user_id, filter, after, limit });
  const logs = await readListed(database, { user_id, keys: found.map(keyOfPlace) });
  return okPage(logs.map(renderListed), next === null ? null : writeCursor(`${digest} ${next}`));
}

const OTHER_FILTERS =
  "cursor belongs to other filters. Send it with the filters of the page that answered it; limit may change.";

/** What a page that shows these calls asks for to keep up. */
async function listNamed(c: Context<HttpEnv>, call_ids: readonly string[]): Promise<Response> {
  const other = Object.keys(c.req.query()).find((name) => name !== "call_ids");
  if (other !== undefined) {
    const message = `${other} can't be given beside call_ids.`;
    return refuse({ error: "invalid_parameter", message, field: other });
  }
  const { user_id } = c.get("apiKey");
  const keys = call_ids.flatMap((call_id) => LOG_EVENTS.map((event) => [call_id, event] as const));
  const logs = await readListed(c.env.databaseOf(user_id), { user_id, keys });
  return okPage(logs.map(renderListed), null);
}
