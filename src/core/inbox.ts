/**
 * An inbox's address, and the response it is configured to give. Plain data in, verdicts out. Inboxes answer from our
 * own origin, so a configured response may have no header that browsers act on.
 */
import { shownHeader } from "./endpoint-settings.ts";

/** The form in which the platform writes an object's id. Not every such text is an id of ours. */
const ID = "[0-9a-f]{64}";

export const isInboxId = (text: string): boolean => new RegExp(`^${ID}$`).test(text);

/** Whether a URL's path (as `new URL` gives it) is exactly that of an inbox. */
export const isInboxPath = (pathname: string): boolean => new RegExp(`^/inbox/${ID}$`).test(pathname);

/** Whether a text can be the token of an inbox's page: 128 bits. */
export const isViewToken = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

export const viewUrl = (publicUrl: URL, token: string): string => `${publicUrl.origin}/view/${token}`;

export const inboxUrl = (publicUrl: URL, id: string): string => `${publicUrl.origin}/inbox/${id}`;

/** The id of the inbox that a URL leads to; null if it leads to none of ours. */
export function inboxIdOf(publicUrl: URL, url: string): string | null {
  const { origin, pathname } = new URL(url);
  return origin === publicUrl.origin && isInboxPath(pathname) ? pathname.slice("/inbox/".length) : null;
}

/** What an inbox answers; header names are in lower case. */
export interface ConfiguredResponse {
  status: number;
  delay_ms: number;
  headers: Record<string, string>;
  body: string;
}

export const DEFAULT_RESPONSE: ConfiguredResponse = { status: 200, delay_ms: 0, headers: {}, body: "{}" };

/**
 * The headers that a response may be configured with, besides `webhook-…` and `x-…`. Most others make browsers act on
 * our origin.
 */
const CONFIGURABLE_HEADERS = [
  ...["content-type", "content-language", "cache-control", "etag", "expires"],
  ...["last-modified", "link", "retry-after", "server", "vary"],
];
/** The `x-…` headers that browsers act on, and those that make a proxy in front serve files or change its buffering. */
const FORBIDDEN_X_HEADERS =
  /^x-(accel-.*|sendfile.*|frame-options|content-type-options|content-security-policy.*|webkit-csp.*|xss-protection|permitted-cross-domain-policies|dns-prefetch-control|ua-compatible)$/;

/** Why a response may not be configured with this header, or null if it may. Completes "headers.NAME …". */
export function ruleAgainstHeader(name: string, value: string): string | null {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return "is no name of a header";
  const lower = name.toLowerCase();
  const isOwn = /^(webhook|x)-/.test(lower) && !FORBIDDEN_X_HEADERS.test(lower);
  if (!isOwn && !CONFIGURABLE_HEADERS.includes(lower))
    return `may not be set: only ${CONFIGURABLE_HEADERS.join(", ")}, webhook-… and x-… may, but for those x-… that browsers and proxies read`;
  if (!/^[\t\x20-\x7e]*$/.test(value)) return "must be printable ASCII";
  // A page of our own origin could load a script or style sheet. In a multipart response each part has headers of its
  // own.
  const isLoadable = lower === "content-type" && /script|css|wasm|multipart/i.test(value);
  return isLoadable ? "must not be the type of a script, a style sheet or several parts" : null;
}

/** The names of headers that hold a signature or something that lets one in. */
const SECRET_HEADERS = /auth|signature|(^|-)(sig|(api)?key)($|-)|hmac|token|secret|password/;
/** The older signature, whatever its header is called. */
const HEX_DIGEST = /^[0-9a-f]{64}$/i;

/** The headers of a request with the values masked that are not for everybody who has a page's address. */
export const maskedHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      SECRET_HEADERS.test(name) || HEX_DIGEST.test(value) ? shownHeader(value) : value,
    ]),
  );
