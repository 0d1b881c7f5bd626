/** `/v1/admin/…/keys`: the operator makes keys of an org, lists and revokes them. A key is answered once, when it is made. */
import type { Context } from "hono";
import { readInstant } from "../../core/instant.ts";
import { findOrgEntry } from "../../record/admin-orgs.ts";
import { insertKey, type KeyEntry, LIVE_KEYS_LIMIT, listKeys, revokeKey } from "../../record/keys.ts";
import { notFound, ok, okList, refuse, refuseCursor } from "../answer.ts";
import { readTimeCursor, writeTimeCursor } from "../cursor.ts";
import type { Given, QueryShape } from "../route.ts";
import type { pageQuery } from "../schemas.ts";
import type { HttpEnv } from "../services.ts";
import { iso } from "../time.ts";
import { makeKey } from "./new-key.ts";
import { isBeingErased, noOrg } from "./orgs.ts";
import type { newKeySchema } from "./schemas.ts";

export async function postKey(
  c: Context<HttpEnv>,
  { body: { expires_at: given, ...body } }: Given<QueryShape, typeof newKeySchema>,
): Promise<Response> {
  const expires_at = given === null ? null : readInstant(given);
  if (expires_at !== null && expires_at <= c.env.now()) {
    const message = `expires_at must be in the future, and is ${JSON.stringify(given)}.`;
    return refuse({ error: "invalid_parameter", message, field: "expires_at" });
  }
  const user_id = c.req.param("user_id") ?? "";
  const database = c.env.databaseOf(user_id);
  const { stored, answered } = makeKey(c, { ...body, user_id, expires_at });
  if (await insertKey(database, stored)) {
    c.set("acted", { user_id, target: stored.id });
    return ok(answered);
  }
  const org = await findOrgEntry(database, user_id);
  if (org === null) return noOrg(user_id);
  return org.state === "erasing" ? isBeingErased() : refuse({ error: "CONFLICT", message: TOO_MANY });
}

const TOO_MANY = `${LIVE_KEYS_LIMIT} keys of this org are live, and no more can be. DELETE /v1/admin/keys/{id} revokes one.`;

export async function getKeys(
  c: Context<HttpEnv>,
  { query: { limit, cursor } }: Given<typeof pageQuery>,
): Promise<Response> {
  const before = readTimeCursor(cursor);
  if (before === null) return refuseCursor(cursor ?? "");
  const user_id = c.req.param("user_id") ?? "";
  const database = c.env.databaseOf(user_id);
  const keys = await listKeys(database, { user_id, before, limit: limit + 1 });
  if (keys.length === 0 && (await findOrgEntry(database, user_id)) === null) return noOrg(user_id);
  return okList(keys.map(renderKey), {
    limit,
    cursorOf: ({ created_at, id }) => writeTimeCursor({ at: Date.parse(created_at), id }),
  });
}

const renderKey = ({ id, name, prefix, scopes, ...times }: KeyEntry) => ({
  id,
  name,
  prefix,
  scopes,
  created_at: iso(times.created_at),
  expires_at: iso(times.expires_at),
  last_used_at: iso(times.last_used_at),
  revoked_at: iso(times.revoked_at),
});

/** A revoked key is refused once those who remember it have looked it up again: within half a minute. */
export async function deleteKey(c: Context<HttpEnv>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const user_id = await revokeKey(c.env.databaseOf(id), { id, now: c.env.now() });
  if (user_id === null) return notFound(`There is no key ${JSON.stringify(id)}.`);
  c.set("acted", { user_id });
  return ok({ id, deleted: true });
}
