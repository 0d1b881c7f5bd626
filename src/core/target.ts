/** Which URLs may be called. Plain text in, one verdict out; nothing is resolved, nothing fetched. */
import ipaddr from "ipaddr.js";
import { isInboxPath } from "./inbox.ts";

export type Target =
  | { ok: true; url: URL }
  | { ok: false; reason: "not_a_url" }
  | { ok: false; reason: "blocked"; rule: string };

export interface TargetRules {
  /** Local use: `http:`, any address and our own host will do. */
  allowPrivate: boolean;
  /** The host of our own address: a service that calls itself goes round in circles. */
  ownHost: string;
  /** Our own address: of all there is under it, only inboxes may be called. Without it, nothing may. */
  ownOrigin?: string;
}

export const targetRulesOf = (config: { allowPrivateTargets: boolean; publicUrl: URL }): TargetRules => ({
  allowPrivate: config.allowPrivateTargets,
  ownHost: config.publicUrl.hostname,
  ownOrigin: config.publicUrl.origin,
});

/** Longer URLs are refused: what is stored with every log stays bounded. */
export const URL_LIMIT_CHARACTERS = 2_048;

/** A URL as it is kept: spelled in one way, and without the fragment, which no receiver sees. */
export function keptUrl(url: URL): string {
  const kept = new URL(url);
  kept.hash = "";
  return kept.href;
}

/** Judges a receiver's URL as it was given. `rule` completes the sentence "… may not be called: ". */
export function judgeTarget(text: string, rules: TargetRules): Target {
  if (!URL.canParse(text)) return { ok: false, reason: "not_a_url" };
  const url = new URL(text);
  const rule = ruleAgainst(text, url, rules);
  return rule === null ? { ok: true, url } : { ok: false, reason: "blocked", rule };
}

function ruleAgainst(text: string, url: URL, rules: TargetRules): string | null {
  if (text.length > URL_LIMIT_CHARACTERS) return `it is longer than ${URL_LIMIT_CHARACTERS} characters`;
  if (url.protocol !== "https:" && url.protocol !== "http:") return "its scheme is not http or https";
  if (url.username !== "" || url.password !== "") return "it carries credentials";
  if (isTrusted(url, rules)) return null;
  if (url.protocol !== "https:") return "its scheme is not https";
  const host = bareHost(url.hostname);
  const rule = isAddress(host) ? ruleAgainstAddress(host) : ruleAgainstName(host);
  return rule ?? (host === bareHost(rules.ownHost) ? "its host is this service's own" : null);
}

/** A query may hold a token: whoever may not read payloads sees a URL only up to it. */
export const withoutQuery = (url: string | null): string | null => url?.replace(/[?#].*$/s, "") ?? null;

/** Whether it may be called wherever it leads: an inbox of ours is where the operator has our own name point to. */
const isTrusted = (url: URL, { allowPrivate, ownOrigin }: TargetRules): boolean =>
  allowPrivate || (url.origin === ownOrigin && isInboxPath(url.pathname));

const ruleAgainstAddress = (address: string): string | null =>
  isPublicAddress(address) ? null : "its address is not on the public internet";

/**
 * The last labels of names that mean something on a local network, or nothing at all: RFC 6761, 6762 (section 3 and
 * appendix G), 7686, 8375 and 9476, the name ICANN keeps for private use, and all of the infrastructure's `arpa`.
 * `example` is let through: nobody answers there, and documentation can show it.
 */
const LOCAL_SUFFIXES = new Set([
  ...["localhost", "local", "localdomain", "internal", "intranet", "private"],
  ...["corp", "home", "lan", "test", "invalid", "onion", "alt", "arpa"],
]);

function ruleAgainstName(host: string): string | null {
  const labels = host.split(".");
  if (LOCAL_SUFFIXES.has(labels.at(-1) ?? ""))
    return "its host name is for local use, not the public internet";
  if (labels.includes("")) return "its host name has an empty label";
  if (labels.length === 1) return "its host name is a single label, not one of the public internet";
  return null;
}

/** `hostname` as `new URL` gives it: lower case, ASCII, every spelling of IPv4 normalised where it ends in one dot at most. */
const bareHost = (hostname: string): string => hostname.replace(/^\[|\]$/g, "").replace(/\.+$/, "");

/** The name that has to be resolved before `url` is called, or null where its host is an address or does not matter. */
export function nameToResolve(url: URL, rules: TargetRules): string | null {
  const host = bareHost(url.hostname);
  return isAddress(host) || isTrusted(url, rules) ? null : host;
}

export const isAddress = (text: string): boolean => ipaddr.isValid(text);

/** Public by its range, and yet the address at which Azure's hosts serve each of their own guests. */
const AZURE_HOST = "168.63.129.16";

/** Public unicast only. IPv6 that carries an IPv4 address for a gateway to unpack is refused, unless merely mapped. */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast" || parsed.toString() === AZURE_HOST) return false;
  if (parsed.kind() === "ipv4") return true;
  // The library lets IPv4-compatible addresses such as ::127.0.0.1 pass; global unicast is 2000::/3 (RFC 4291).
  return parsed.match(ipaddr.parse("2000::"), 3) && !isTunnel(parsed.toByteArray());
}

/** ISATAP (RFC 5214 section 6.1) carries an IPv4 address behind any prefix, after 0000:5efe or 0200:5efe. */
const isTunnel = ([, , , , , , , , a = 0, b, c, d]: number[]): boolean =>
  (a & 0xfd) === 0 && b === 0 && c === 0x5e && d === 0xfe;
