/**
 * Finds out whose key it is: an org's, which is looked up by its digest, or the operator's, which is compared. Unknown,
 * expired and missing keys are alike.
 */
import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { isApiKeyForm } from "../core/api-key.ts";
import { boundAdminKey } from "../core/console-token.ts";
import { databaseNumberOf } from "../core/id.ts";
import { sha256Hex } from "../core/signature.ts";
import type { BoundKey } from "../record/console-tokens.ts";
import { type FoundKey, findKey, LAST_USE_EVERY_MS, writeLastUse } from "../record/keys.ts";
import { type FindOptions, rememberedLookUp } from "./remembered.ts";
import type { HttpEnv, Services } from "./services.ts";

/** Who asks, and what a session or link of theirs is bound to. `apiKey` is null for the operator. */
export interface Caller {
  key: BoundKey;
  apiKey: FoundKey | null;
}

const keys = rememberedLookUp<FoundKey>(({ databaseOf }, digest) => findKey(databaseOf(), digest));

/** Whose key this text is; null if it is none that is valid. */
export async function callerOfKey(
  c: Context<HttpEnv>,
  text: string,
  options?: FindOptions,
): Promise<Caller | null> {
  const { adminKeyDigest, sessionKey } = c.env.config();
  const digest = sha256Hex(text);
  if (isSame(digest, adminKeyDigest)) return operator(sessionKey, digest);
  if (!isApiKeyForm(text) || databaseNumberOf(text) !== 0) return null;
  return callerOfDigest(c.env, digest, options);
}

/** Whose key a session or link is bound to; null if the key is not valid any more. */
export async function callerOfBoundKey(
  c: Context<HttpEnv>,
  bound: BoundKey,
  options?: FindOptions,
): Promise<Caller | null> {
  if (bound.user_id !== null) return callerOfDigest(c.env, bound.key_digest, options);
  const { adminKeyDigest, sessionKey } = c.env.config();
  const caller = adminKeyDigest === null ? null : operator(sessionKey, adminKeyDigest);
  return caller !== null && isSame(bound.key_digest, caller.key.key_digest) ? caller : null;
}

const operator = (sessionKey: string, adminKeyDigest: string): Caller => ({
  key: { user_id: null, key_digest: boundAdminKey(sessionKey, adminKeyDigest) },
  apiKey: null,
});

async function callerOfDigest(
  services: Services,
  key_digest: string,
  options?: FindOptions,
): Promise<Caller | null> {
  const apiKey = await keys.find(services, key_digest, options);
  const isExpired = apiKey !== null && apiKey.expires_at !== null && apiKey.expires_at <= services.now();
  if (apiKey === null || isExpired) return null;
  if (!apiKey.is_suspended) noteUse(services, apiKey, key_digest);
  return { key: { user_id: apiKey.user_id, key_digest }, apiKey };
}

/** Notes at most once an hour that a key is used, after the answer. What can't be written is written after a later look-up. */
function noteUse({ databaseOf, keepAlive, now: clock }: Services, apiKey: FoundKey, digest: string): void {
  const now = clock();
  if (apiKey.last_used_at !== null && apiKey.last_used_at >= now - LAST_USE_EVERY_MS) return;
  apiKey.last_used_at = now; // of the remembered key, so that this isolate writes no more
  keepAlive(writeLastUse(databaseOf(), { digest, now }));
}

/** Compares digests in a time that tells nothing about what they are of, not even its length. */
const isSame = (one: string, other: string | null): boolean =>
  one.length === other?.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** The key in an `authorization` header: bare, or after `Bearer` in any case. */
export const keyInHeader = (header: string | undefined): string =>
  (header ?? "").replace(/^bearer\s+/i, "").trim();
