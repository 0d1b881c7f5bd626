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
export interface ToldAnswer {
  status: number;
  delay_ms: number;
  headers: Record<string, string>;
  body: string;
}

export const UNTOLD_ANSWER: ToldAnswer = { status: 200, delay_ms: 0, headers: {}, body: "{}" };

/** Kept by browsers for the whole origin, or deciding what a page of it may do. */
const BROWSER_HEADERS =
  /^(set-cookie2?|set-login|clear-site-data|strict-transport-security|(x-)?content-security-policy.*|x-frame-options|x-content-type-options|x-xss-protection|x-permitted-cross-domain-policies|(permissions|feature|document|referrer)-policy.*|origin-agent-cluster|origin-trial|service-worker-allowed|www-authenticate|alt-svc|nel|report-to|reporting-endpoints|expect-ct|public-key-pins.*|accept-ch|critical-ch|speculation-rules|timing-allow-origin|refresh|access-control-.*|cross-origin-.*|sec-.*)$/;

/** Set by whoever carries the answer. */
const TRANSPORT_HEADERS =
  /^(connection|keep-alive|transfer-encoding|content-length|content-encoding|trailer|te|upgrade|date|proxy-.*|cf-.*)$/;

/** Why an answer may not be told to have this header, or null where it may. Completes "headers.NAME …". */
export function ruleAgainstHeader(name: string, value: string): string | null {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return "is no name of a header";
  if (BROWSER_HEADERS.test(name.toLowerCase())) return "may not be set: it tells browsers about this origin";
  if (TRANSPORT_HEADERS.test(name.toLowerCase())) return "may not be set: the connection sets it";
  return /^[\t\x20-\x7e\xa0-\xff]*$/.test(value) ? null : "must be a text without control characters";
}
