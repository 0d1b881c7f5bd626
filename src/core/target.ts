/** Which URLs may be called. Plain text in, one verdict out; nothing is resolved, nothing fetched. */
import ipaddr from "ipaddr.js";

export type Target =
  | { ok: true; url: URL }
  | { ok: false; reason: "not_a_url" }
  | { ok: false; reason: "blocked"; rule: string };

/** Longer URLs are refused: what is stored with every log stays bounded. */
const URL_LIMIT_CHARACTERS = 2_048;

/**
 * Judges a receiver's URL as it was given. With `allowPrivate` (local use) `http:` and any address will do.
 * `rule` completes the sentence "… may not be called: ".
 */
export function judgeTarget(text: string, { allowPrivate }: { allowPrivate: boolean }): Target {
  if (!URL.canParse(text)) return { ok: false, reason: "not_a_url" };
  const url = new URL(text);
  const rule = ruleAgainst(text, url, allowPrivate);
  return rule === null ? { ok: true, url } : { ok: false, reason: "blocked", rule };
}

function ruleAgainst(text: string, url: URL, allowPrivate: boolean): string | null {
  if (text.length > URL_LIMIT_CHARACTERS) return `it is longer than ${URL_LIMIT_CHARACTERS} characters`;
  if (url.protocol !== "https:" && url.protocol !== "http:") return "its scheme is not http or https";
  if (url.username !== "" || url.password !== "") return "it carries credentials";
  if (allowPrivate) return null;
  if (url.protocol !== "https:") return "its scheme is not https";
  return isPublicHost(url.hostname) ? null : "its host is not on the public internet";
}

/** `hostname` as `new URL` gives it: lower case, brackets around IPv6, every spelling of IPv4 already normalised. */
function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.+$/, "");
  if (ipaddr.isValid(host)) return isPublicAddress(host);
  return host.includes(".") && !/(^|\.)(localhost|local|internal)$/.test(host);
}

function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  // The library lets IPv4-compatible addresses such as ::127.0.0.1 pass; global unicast is 2000::/3 (RFC 4291).
  return parsed.kind() === "ipv4" || parsed.match(ipaddr.parse("2000::"), 3);
}
