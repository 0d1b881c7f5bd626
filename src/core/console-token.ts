/**
 * The tokens of the console: of a session, which is in a cookie, and of a link, which signs in once. A token names the
 * database that holds it and the time when it ends, and it is authenticated: one that we did not make, and one that has
 * ended, is told apart without a look-up. Pure: the random bytes and the time are arguments.
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { idIn } from "./id.ts";

export type ConsoleTokenKind = "session" | "link";

/** 256 bits: nobody guesses a token, even one who knows the session key. */
export const CONSOLE_TOKEN_RANDOM_BYTES = 32;

const FORM = /^((session|link)_\d{1,4}_[0-9a-f]{64}\.(\d{13,15}))\.([A-Za-z0-9_-]{43})$/;

export function makeConsoleToken(
  sessionKey: string,
  token: { kind: ConsoleTokenKind; database: number; random: Uint8Array; expires_at: number },
): string {
  const id = idIn(token.database, token.kind, Buffer.from(token.random).toString("hex"));
  const named = `${id}.${token.expires_at}`;
  return `${named}.${authenticate(sessionKey, "token", named).toString("base64url")}`;
}

/** When a token ends, in milliseconds since the epoch; null if it is none of ours of this kind. */
export function endOfConsoleToken(sessionKey: string, kind: ConsoleTokenKind, text: string): number | null {
  const [, named = "", itsKind, expiresAt, code = ""] = FORM.exec(text) ?? [];
  if (itsKind !== kind) return null;
  const isOurs = timingSafeEqual(Buffer.from(code, "base64url"), authenticate(sessionKey, "token", named));
  return isOurs ? Number(expiresAt) : null;
}

/** What stands for the admin key in the record. It is not the plain digest, because people may have chosen the key. */
export const boundAdminKey = (sessionKey: string, adminKeyDigest: string): string =>
  authenticate(sessionKey, "admin key", adminKeyDigest).toString("hex");

/** An HMAC. What is authenticated for one purpose is worth nothing for another. */
const authenticate = (sessionKey: string, purpose: "token" | "admin key", text: string): Buffer =>
  createHmac("sha256", sessionKey).update(`${purpose} ${text}`).digest();
