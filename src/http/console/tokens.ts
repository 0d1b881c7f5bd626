/** Makes the tokens of sessions and links, and reads them. What the record has of a token is its digest. */
import {
  CONSOLE_TOKEN_RANDOM_BYTES,
  type ConsoleTokenKind,
  endOfConsoleToken,
  makeConsoleToken,
} from "../../core/console-token.ts";
import { databaseNumberOf } from "../../core/id.ts";
import { sha256Hex } from "../../core/signature.ts";
import { type BoundKey, insertToken, type TokenPlace } from "../../record/console-tokens.ts";
import type { Services } from "../services.ts";

/** Makes a token that is bound to a key, and writes it down. */
export async function makeToken(
  services: Services,
  { kind, lifeSeconds, key }: { kind: ConsoleTokenKind; lifeSeconds: number; key: BoundKey },
): Promise<{ token: string; expires_at: number }> {
  const userId = key.user_id ?? "";
  const expires_at = services.now() + lifeSeconds * 1_000;
  const random = crypto.getRandomValues(new Uint8Array(CONSOLE_TOKEN_RANDOM_BYTES));
  const made = { kind, database: databaseNumberOf(userId), random, expires_at };
  const token = makeConsoleToken(services.config().sessionKey, made);
  const row = { kind, expires_at, digest: sha256Hex(token), ...key };
  await services.writeWithRetry(() => insertToken(services.databaseOf(userId), row));
  return { token, expires_at };
}

/** Where the token's row is; null if it is none that we made of this kind, or has ended. Nothing is looked up. */
export function placeOf(services: Services, kind: ConsoleTokenKind, token: string): TokenPlace | null {
  const expires_at = endOfConsoleToken(services.config().sessionKey, kind, token);
  return expires_at === null || expires_at <= services.now()
    ? null
    : { expires_at, digest: sha256Hex(token) };
}
