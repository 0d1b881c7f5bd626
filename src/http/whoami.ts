/** `GET /v1/whoami` tells a caller whose key it has. */
import type { Context } from "hono";
import { findOrg } from "../record/orgs.ts";
import { notFound, ok } from "./answer.ts";
import type { HttpEnv } from "./services.ts";

const OPERATOR = { kind: "admin", user_id: null, name: null, key: null };

export async function getCaller(c: Context<HttpEnv>): Promise<Response> {
  if (c.get("isAdmin")) return ok(OPERATOR);
  const { user_id, id, name, prefix, scopes, expires_at } = c.get("apiKey");
  const org = await findOrg(c.env.databaseOf(user_id), user_id);
  if (org === null) return notFound("The org of this API key is gone.");
  const key = {
    id,
    name,
    prefix,
    scopes,
    expires_at: expires_at === null ? null : new Date(expires_at).toISOString(),
  };
  return ok({ kind: "org", user_id, name: org.name, key });
}
