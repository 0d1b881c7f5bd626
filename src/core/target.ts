/** Decides which URLs may be called. Text in, a verdict out; nothing is resolved or fetched. */
import ipaddr from "ipaddr.js";
import { isInboxPath } from "./inbox.ts";

export type Target =
  | { ok: true; url: URL }
  | { ok: false; reason: "not_a_url" }
  | { ok: false; reason: "blocked"; rule: string };

export interface TargetRules {
  /** For local use: `http:`, any address and our own host are allowed. */
  allowPrivate: boolean;
  /** The host of our own address. A service that calls itself would go round in circles. */
  ownHost: string;
  /** Our own address. Of all URLs below it only inboxes may be called; if it is not given, none may. */
  ownOrigin?: string;
}

export const targetRulesOf = (config: { allowPrivateTargets: boolean; publicUrl: URL }): TargetRules => ({
  allowPrivate: config.allowPrivateTargets,
  ownHost: config.publicUrl.hostname,
  ownOrigin: config.publicUrl.origin,
});

/** Longer URLs are refused, because each log stores one. */
export const URL_LIMIT_CHARACTERS = 2_048;

/** A URL as it is stored: in its normal spelling, without the fragment, which no receiver gets. */
export function keptUrl(url: URL): string {
  const kept = new URL(url);
  kept.hash = "";
  return kept.href;
}

/** Judges a receiver's URL. `rule` completes the sentence "… may not be called: ". */
export function judgeTarget(text: string, rules: TargetRules): Target {
  if (!URL.canParse(text)) return { ok: false, reason: "not_a_url" };
  const url = new URL(text);
  const rule = ruleAgainst(text, url, rules);
  return rule === null ? { ok: true, url } : { ok: false, reason: "blocked", rule };
}

function ruleAgainst(text: string, url: URL, rules: TargetRules): string | null {
  if (Math.max(text.length, url.href.length) > URL_LIMIT_CHARACTERS)
    return `it is longer than ${URL_LIMIT_CHARACTERS} characters`;
  if (url.protocol !== "https:" && url.protocol !== "http:") return "its scheme is not http or https";
  if (url.username !== "" || url.password !== "") return "it carries credentials";
  if (isTrusted(url, rules)) return null;
  if (url.protocol !== "https:") return "its scheme is not https";
  const host = bareHost(url.hostname);
  const rule = isAddress(host) ? ruleAgainstAddress(host) : ruleAgainstName(host);
  return rule ?? (host === bareHost(rules.ownHost) ? "its host is this service's own" : null);
}

/** Cuts a URL at its query, which may hold a token. What is left is the URL of its endpoint. */
export const withoutQuery = <Url extends string | null>(url: Url): Url =>
  (url?.replace(/[?#].*$/s, "") ?? null) as Url;

/** Whether it may be called whatever its address: the operator decides where our own name points to. */
const isTrusted = (url: URL, { allowPrivate, ownOrigin }: TargetRules): boolean =>
  allowPrivate || (url.origin === ownOrigin && isInboxPath(url.pathname));

const ruleAgainstAddress = (address: string): string | null =>
  isPublicAddress(address) ? null : "its address is not on the public internet";

/**
 * Top-level names for local or special use: RFC 6761, 6762 (section 3 and appendix G), 7686, 8375 and 9476, the name
 * ICANN reserves for private use, and `arpa`. `example` is allowed: nobody answers there, and documentation can show
 * it.
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

/**
 * The host name without brackets and final dots. `new URL` has made it lower-case ASCII and normalised every spelling
 * of IPv4.
 */
const bareHost = (hostname: string): string => hostname.replace(/^\[|\]$/g, "").replace(/\.+$/, "");

/** The name to resolve before `url` is called; null if its host is an address or may be called in any case. */
export function nameToResolve(url: URL, rules: TargetRules): string | null {
  const host = bareHost(url.hostname);
  return isAddress(host) || isTrusted(url, rules) ? null : host;
}

export const isAddress = (text: string): boolean => ipaddr.isValid(text);

/** Azure's hosts serve each of their guests at this address, although its range is public. */
const AZURE_HOST = "168.63.129.16";

/**
 * Whether the address is public unicast. IPv6 addresses that tunnel to an IPv4 address are refused; mapped IPv4
 * addresses are judged as IPv4.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast" || parsed.toString() === AZURE_HOST) return false;
  if (parsed.kind() === "ipv4") return true;
  // The library accepts IPv4-compatible addresses such as ::127.0.0.1. Global unicast is 2000::/3 (RFC 4291).
  return parsed.match(ipaddr.parse("2000::"), 3) && !isTunnel(parsed.toByteArray());
}

/** ISATAP (RFC 5214 section 6.1) embeds an IPv4 address after 0000:5efe or 0200:5efe, behind any prefix. */
const isTunnel = ([, , , , , , , , a = 0, b, c, d]: number[]): boolean =>
  (a & 0xfd) === 0 && b === 0 && c === 0x5e && d === 0xfe;
