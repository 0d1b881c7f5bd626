/**
 * Compares JSON objects by meaning. The order of members and the spelling of numbers and strings don't matter: `1.0`
 * equals `1`. Numbers are compared by their digits, not as JavaScript rounds them. Keys are sorted and never hashed,
 * see `json.ts`.
 */
import { isJsonObject, type Json, parseJson } from "./json.ts";

/** The names of the members in which two JSON objects differ; empty if they mean the same. Both are given as texts. */
export function differingMembers(one: string, other: string): string[] {
  const members = [...membersOf(one), ...membersOf(other)].sort(byName);
  const differing: string[] = [];
  for (let at = 0; at < members.length; at++) {
    const member = members[at];
    const next = members[at + 1];
    if (member === undefined) break;
    const isInBoth = member.name === next?.name;
    if (isInBoth) at++;
    if (!isInBoth || canonicalText(member.value, member.json) !== canonicalText(next.value, next.json))
      differing.push(member.name);
  }
  return differing;
}

interface Member {
  name: string;
  value: unknown;
  json: Json;
}

function membersOf(text: string): Member[] {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.json.exact)) throw new Error("not a JSON object");
  const { json } = parsed;
  return Object.entries(parsed.json.exact).map(([name, value]) => ({ name, value, json }));
}

const byName = (one: { name: string }, other: { name: string }): number =>
  one.name < other.name ? -1 : one.name > other.name ? 1 : 0;

/** A text that is the same for two values exactly if they mean the same. */
function canonicalText(value: unknown, json: Json): string {
  if (typeof value === "number") return canonicalNumber(json.digitsOf(value));
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, json)).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value)
    .map(([name, member]) => ({ name, text: `${JSON.stringify(name)}:${canonicalText(member, json)}` }))
    .sort(byName);
  return `{${members.map(({ text }) => text).join(",")}}`;
}

/** A longer exponent is compared as it is spelled. */
const EXPONENT_DIGITS = 15;

/**
 * The significant digits of a JSON number and a power of ten: `1.10` and `11e-1` both give `11e-1`. Zeros are counted
 * in a loop: a regular expression would rescan each run of zeros from every position in it.
 */
export function canonicalNumber(digits: string): string {
  const [mantissa = "", exponent = "0"] = digits.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const all = whole + fraction;
  let first = 0;
  while (all[first] === "0") first++;
  if (first === all.length) return "0";
  if (exponent.length > EXPONENT_DIGITS) return digits;
  let last = all.length;
  while (all[last - 1] === "0") last--;
  const power = Number(exponent) - fraction.length + all.length - last;
  return `${mantissa.startsWith("-") ? "-" : ""}${all.slice(first, last)}e${power}`;
}
