/** `/v1/admin/orgs`: the operator makes orgs, lists them, sets their name, limits and state, and erases them. */
import type { Context } from "hono";
import { idIn } from "../../core/id.ts";
import { secondsUntil } from "../../core/message.ts";
import { makeSigningSecret, SIGNING_SECRET_RANDOM_BYTES } from "../../core/signing-secret.ts";
import { changeOrg, createOrg, findOrgEntry, listOrgs, type OrgEntry } from "../../record/admin-orgs.ts";
import { markToErase } from "../../record/erased-orgs.ts";
import { SCOPES } from "../../record/keys.ts";
import { wakeUnsuspended } from "../../record/suspension.ts";
import { notFound, ok, okList, refuse } from "../answer.ts";
import type { Given, QueryShape } from "../route.ts";
import type { pageQuery } from "../schemas.ts";
import type { HttpEnv } from "../services.ts";
import { iso } from "../time.ts";
import { makeKey } from "./new-key.ts";
import type { changedOrgSchema, newOrgSchema } from "./schemas.ts";

/** Where new orgs go. An org does not move: customers hold its id. */
const NEWEST_DATABASE = 0;

/** The secret and the first key are answered this once. */
export async function postOrg(
  c: Context<HttpEnv>,
  { body: { name, limits } }: Given<QueryShape, typeof newOrgSchema>,
): Promise<Response> {
  const user_id = idIn(NEWEST_DATABASE, "org", crypto.randomUUID());
  const { masterKeys } = c.env.config();
  const random = crypto.getRandomValues(new Uint8Array(SIGNING_SECRET_RANDOM_BYTES));
  const { secret: signing_secret, ciphertext } = await makeSigningSecret({ user_id, masterKeys, random });
  const key = makeKey(c, { user_id, name: "first", scopes: [...SCOPES], expires_at: null });
  const secret = { id: `sec_${crypto.randomUUID()}`, ciphertext };
  const org = { user_id, name, created_at: c.env.now() };
  await c.env.writeWithRetry(() =>
    createOrg(c.env.databaseOf(user_id), { org, limits, secret, key: key.stored }),
  );
  c.set("acted", { user_id, target: user_id });
  return ok({ user_id, name, signing_secret, key: key.answered });
}

export async function getOrgs(
  c: Context<HttpEnv>,
  { query: { limit, cursor = "" } }: Given<typeof pageQuery>,
): Promise<Response> {
  const orgs = await listOrgs(c.env.databaseOf(), { after: cursor, limit: limit + 1 });
  return okList(orgs.map(renderOrg), { limit, cursorOf: ({ user_id }) => user_id });
}

export async function getOneOrg(c: Context<HttpEnv>): Promise<Response> {
  const user_id = c.req.param("user_id") ?? "";
  const org = await findOrgEntry(c.env.databaseOf(user_id), user_id);
  return org === null ? noOrg(user_id) : ok(renderOrg(org));
}

export async function patchOneOrg(
  c: Context<HttpEnv>,
  { body: { name, limits, suspended } }: Given<QueryShape, typeof changedOrgSchema>,
): Promise<Response> {
  const user_id = c.req.param("user_id") ?? "";
  const database = c.env.databaseOf(user_id);
  const org = await changeOrg(database, { user_id, name, limits, suspended, now: c.env.now() });
  if (org !== null) {
    if (suspended === false) await wakeEndpoints(c, database);
    return ok(renderOrg(org));
  }
  return (await findOrgEntry(database, user_id)) === null ? noOrg(user_id) : isBeingErased();
}

/** Again is the same, until nothing is left of it. */
export async function deleteOneOrg(c: Context<HttpEnv>): Promise<Response> {
  const user_id = c.req.param("user_id") ?? "";
  const database = c.env.databaseOf(user_id);
  if (await markToErase(database, { user_id, now: c.env.now() }))
    return ok({ user_id, state: "erasing" }, 202);
  if ((await findOrgEntry(database, user_id)) === null) return noOrg(user_id);
  return refuse({ error: "CONFLICT", message: NOT_SUSPENDED });
}

const NOT_SUSPENDED = `Only a suspended org can be erased. Suspend it first: PATCH it with {"suspended": true}.`;

/** The calls of an org that is no longer suspended are released at its endpoints. The sweep goes on with further ones. */
async function wakeEndpoints(c: Context<HttpEnv>, database: D1Database): Promise<void> {
  const now = c.env.now();
  const woken = (await wakeUnsuspended(database, now)) ?? [];
  c.env.wake(
    woken.map(({ wake_at, ...endpoint }) => ({ endpoint, delaySeconds: secondsUntil(wake_at, now) })),
  );
}

/** Also the answer to an id of a database that is not there. */
export const noOrg = (user_id: string): Response => notFound(`There is no org ${JSON.stringify(user_id)}.`);

export const isBeingErased = (): Response =>
  refuse({ error: "CONFLICT", message: "This org is being erased; nothing of it can be changed any more." });

const renderOrg = ({ user_id, name, created_at, state, limits, stored_bytes, counted_at }: OrgEntry) => ({
  user_id,
  name,
  created_at: iso(created_at),
  state,
  limits: { reports_per_minute: limits.reports_per_minute ?? null, stored_gb: limits.stored_gb ?? null },
  usage: { stored_bytes, counted_at: iso(counted_at) },
});
