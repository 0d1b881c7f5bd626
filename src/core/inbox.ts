/**
 * An inbox's address, and the answer it was told to give. Plain data in, verdicts out. Decides which headers a told
 * answer may have: whatever an inbox serves comes from our own origin, and must mean nothing to a browser there.
 */

/** As the platform writes an object's id; not all such texts are ids of ours. */
const ID = "[0-9a-f]{64}";

export const isInboxId = (text: string): boolean => new RegExp(`^${ID}$`).test(text);

/** Whether a URL's path, as `new URL` gives it, is that of an inbox and nothing below it. */
export const isInboxPath = (pathname: string): boolean => new RegExp(`^/inbox/${ID}$`).test(pathname);

export const inboxUrl = (publicUrl: URL, id: string): string => `${publicUrl.origin}/inbox/${id}`;

/** What an inbox answers; header names are in lower case. */
export interface ConfiguredResponse {
  status: number;
  delay_ms: number;
  headers: Record<string, string>;
  body: string;
}

export const DEFAULT_RESPONSE: ConfiguredResponse = { status: 200, delay_ms: 0, headers: {}, body: "{}" };

/** What an answer may be told to carry, besides `webhook-…` and `x-…`: of the rest, most tells browsers about an origin. */
const CONFIGURABLE_HEADERS = [
  ...["content-type", "content-language", "cache-control", "etag", "expires"],
  ...["last-modified", "link", "retry-after", "server", "vary"],
];
/** Those of `x-…` that browsers read, and those by which a proxy in front serves files or buffers. */
const FORBIDDEN_X_HEADERS =
  /^x-(accel-.*|sendfile.*|frame-options|content-type-options|content-security-policy.*|webkit-csp.*|xss-protection|permitted-cross-domain-policies|dns-prefetch-control|ua-compatible)$/;

/** Why an answer may not be told to have this header, or null where it may. Completes "headers.NAME …". */
export function ruleAgainstHeader(name: string, value: string): string | null {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return "is no name of a header";
  const lower = name.toLowerCase();
  const isOwn = /^(webhook|x)-/.test(lower) && !FORBIDDEN_X_HEADERS.test(lower);
  if (!isOwn && !CONFIGURABLE_HEADERS.includes(lower))
    return `may not be set: only ${CONFIGURABLE_HEADERS.join(", ")}, webhook-… and x-… may, but for those x-… that browsers and proxies read`;
  if (!/^[\t\x20-\x7e]*$/.test(value)) return "must be printable ASCII";
  // A page of our own origin might load it, whatever it means by itself; of several parts each has headers of its own.
  const isLoadable = lower === "content-type" && /script|css|wasm|multipart/i.test(value);
  return isLoadable ? "must not be the type of a script, a style sheet or several parts" : null;
}
