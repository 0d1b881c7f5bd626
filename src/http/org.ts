/** `/v1/org` holds an org's settings and its signing secrets. A secret's value is answered once, when it is made. */
import type { Context } from "hono";
import { makeSigningSecret, SIGNING_SECRET_RANDOM_BYTES } from "../core/signing-secret.ts";
import { withoutQuery } from "../core/target.ts";
import { findOrg, type Org, updateOrg } from "../record/orgs.ts";
import { DEFAULT_STORED_GB, readQuota } from "../record/quota.ts";
import {
  endSigningSecret,
  LIVE_SECRETS_LIMIT,
  listSigningSecrets,
  rotateSigningSecret,
  type SigningSecretEntry,
} from "../record/signing-secrets.ts";
import { notFound, ok, okList, refuse, refuseCursor } from "./answer.ts";
import { mayRead } from "./auth.ts";
import type { Given, QueryShape } from "./route.ts";
import type { orgSchema, pageQuery, rotateSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { readTarget } from "./target.ts";
import { iso } from "./time.ts";

const HOUR_MS = 3_600_000;

export async function getOrg(c: Context<HttpEnv>): Promise<Response> {
  const { user_id } = c.get("apiKey");
  return answerOrg(c, await findOrg(c.env.databaseOf(user_id), user_id));
}

export async function patchOrg(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof orgSchema>,
): Promise<Response> {
  const settings = { ...body };
  for (const field of ["default_webhook", "ops_webhook"] as const) {
    const target = readTarget(field, settings[field], c.env.config());
    if (!target.ok) return refuse(target.refusal);
    settings[field] = target.url;
  }
  const { retentionDays } = c.env.config();
  if ((settings.retention_days ?? 0) > retentionDays) {
    const message = `retention_days must be at most ${retentionDays}, which is the deployment's, and is ${settings.retention_days}.`;
    return refuse({ error: "invalid_parameter", message, field: "retention_days" });
  }
  const { user_id } = c.get("apiKey");
  return answerOrg(c, await updateOrg(c.env.databaseOf(user_id), { user_id, settings }));
}

async function answerOrg(c: Context<HttpEnv>, org: Org | null): Promise<Response> {
  if (org === null) return notFound("The org of this API key is gone.");
  const { default_webhook, ops_webhook } = org;
  const { retentionDays } = c.env.config();
  const quota = await readQuota(c.env.databaseOf(org.user_id), org.user_id);
  const shown = {
    ...org,
    retention_days: Math.min(org.retention_days ?? retentionDays, retentionDays),
    limits: {
      reports_per_minute: quota?.reports_per_minute ?? null,
      stored_gb: quota?.stored_gb ?? DEFAULT_STORED_GB,
    },
    usage: { stored_bytes: quota?.stored_bytes ?? 0, counted_at: iso(quota?.counted_at ?? null) },
  };
  if (mayRead(c)) return ok(shown);
  return ok({
    ...shown,
    default_webhook: withoutQuery(default_webhook),
    ops_webhook: withoutQuery(ops_webhook),
  });
}

export async function getSigningSecrets(
  c: Context<HttpEnv>,
  { query: { limit, cursor } }: Given<typeof pageQuery>,
): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const secrets = await listSigningSecrets(c.env.databaseOf(user_id), { user_id, now: c.env.now() });
  const before = secrets.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && before === -1) return refuseCursor(cursor);
  const shown = secrets.slice(before + 1).map(renderSecret);
  return okList(shown, { limit, cursorOf: ({ id }) => id });
}

export async function rotateSigningSecrets(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof rotateSchema>,
): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const { masterKeys } = c.env.config();
  const random = crypto.getRandomValues(new Uint8Array(SIGNING_SECRET_RANDOM_BYTES));
  const { secret, ciphertext } = await makeSigningSecret({ user_id, masterKeys, random });
  const id = `sec_${crypto.randomUUID()}`;
  const { overlap_hours, activate_in_hours } = body;
  const now = c.env.now();
  const activates_at = activate_in_hours === 0 ? null : now + activate_in_hours * HOUR_MS;
  const overlapMs = overlap_hours * HOUR_MS;
  const written = { user_id, id, ciphertext, now, activatesAt: activates_at, overlapMs };
  const created_at = await rotateSigningSecret(c.env.databaseOf(user_id), written);
  if (created_at === null) return refuse({ error: "CONFLICT", message: TOO_MANY_LIVE });
  c.set("acted", { target: id });
  return ok({ secret, ...renderSecret({ id, created_at, activates_at, expires_at: null }) });
}

export async function deleteSigningSecret(c: Context<HttpEnv>): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const id = c.req.param("id") ?? "";
  const named = { user_id, id, now: c.env.now() };
  const database = c.env.databaseOf(user_id);
  if (await endSigningSecret(database, named)) return ok({ id, deleted: true });
  const live = await listSigningSecrets(database, named);
  if (live.some((secret) => secret.id === id)) return refuse({ error: "CONFLICT", message: NEWEST_ACTIVE });
  return notFound(`There is no live signing secret ${JSON.stringify(id)}.`);
}

const NEWEST_ACTIVE =
  "This is the newest active signing secret, and stays. Rotate first; then it ends with the overlap, or when you delete it.";

const TOO_MANY_LIVE = `${LIVE_SECRETS_LIMIT} signing secrets are live, and no more can be. Wait until one expires, or rotate with "overlap_hours": 0, which ends all older ones at once.`;

const renderSecret = ({ id, created_at, activates_at, expires_at }: SigningSecretEntry) => ({
  id,
  created_at: new Date(created_at).toISOString(),
  activates_at: new Date(activates_at ?? created_at).toISOString(),
  expires_at: expires_at === null ? null : new Date(expires_at).toISOString(),
});
