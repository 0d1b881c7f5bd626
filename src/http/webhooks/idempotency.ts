/**
 * `Idempotency-Key`: a request that is repeated with the same key and body sends nothing, and is answered with its calls
 * as they are now. Keys are an org's own, apart for each route, and kept for 24 hours.
 */
import type { Context } from "hono";
import type { Json } from "../../core/json.ts";
import { sha256Hex } from "../../core/signature.ts";
import {
  type Claim,
  findIdempotencyKey,
  hasTooManyKeys,
  KEYS_LIMIT,
  noteAnswered,
  type TakenKey,
} from "../../record/idempotency.ts";
import { refuse } from "../answer.ts";
import type { HttpEnv } from "../services.ts";

/** Longer than a request takes: one that is not answered by then was cut off, and what it sent stands. */
const UNDER_WAY_MS = 60_000;

const RULE = "Idempotency-Key must be 1 to 255 printable ASCII characters";

type Read =
  | { kind: "new"; claim: Claim | null }
  | { kind: "repeated"; taken: TakenKey }
  | { kind: "refused"; refusal: Response };

/** What a request's key says: `new` ones are to be sent, with the claim if there is a key. `json` is the body. */
export async function readIdempotencyKey(c: Context<HttpEnv>, json: Json): Promise<Read> {
  const key = c.req.header("idempotency-key");
  if (key === undefined) return { kind: "new", claim: null };
  if (!/^[ -~]{1,255}$/.test(key))
    return { kind: "refused", refusal: refuse({ error: "invalid_parameter", message: `${RULE}.` }) };
  const { user_id } = c.get("apiKey");
  const now = c.env.now();
  const body_digest = sha256Hex(json.write(json.exact));
  const claim = {
    user_id,
    route: c.req.path,
    key,
    nonce: crypto.randomUUID(),
    body_digest,
    call_id: null,
    now,
  };
  const taken = await findIdempotencyKey(c.env.databaseOf(user_id), claim);
  if (taken === null) {
    const isFull = await hasTooManyKeys(c.env.databaseOf(user_id), user_id);
    return isFull ? { kind: "refused", refusal: refuseMoreKeys() } : { kind: "new", claim };
  }
  if (taken.body_digest !== body_digest) return { kind: "refused", refusal: refuse(OTHER_BODY) };
  const isUnderWay = taken.answered_at === null && taken.created_at > now - UNDER_WAY_MS;
  return isUnderWay ? { kind: "refused", refusal: refuseUnderWay() } : { kind: "repeated", taken };
}

const refuseMoreKeys = (): Response => {
  const message = `${KEYS_LIMIT} Idempotency-Keys of this org were used in the last 24 hours, and no more are kept. Without one the request is taken.`;
  return refuse({ error: "QUOTA_EXCEEDED", message }, { "retry-after": "3600" });
};

const OTHER_BODY = {
  error: "CONFLICT" as const,
  message: "This Idempotency-Key was used with another body in the last 24 hours.",
};

/** Another request with the same key has not been answered yet. */
export const refuseUnderWay = (): Response =>
  refuse(
    { error: "CONFLICT", message: "The first request with this Idempotency-Key is still under way." },
    { "retry-after": "1" },
  );

/** The request of this claim is answered now: from now on a repeated one is answered too. */
export async function answered(c: Context<HttpEnv>, claim: Claim | null): Promise<void> {
  if (claim !== null) await noteAnswered(c.env.databaseOf(claim.user_id), { ...claim, now: c.env.now() });
}

/** The header of an answer to a repeated request. */
export const REPLAYED = { "idempotent-replayed": "true" };
