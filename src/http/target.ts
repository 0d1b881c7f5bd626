/** Judges a receiver's URL in a request by the guard's rules, and words the refusal. */
import { judgeTarget, keptUrl, targetRulesOf, withoutQuery } from "../core/target.ts";
import type { ApiError } from "./answer.ts";

/** The URL in `field` as it is stored, or why it may not be called. Null and undefined are passed through. */
export function readTarget<T extends string | null | undefined>(
  field: string,
  given: T,
  config: Parameters<typeof targetRulesOf>[0],
): { ok: true; url: T | string } | { ok: false; refusal: ApiError } {
  if (given == null) return { ok: true, url: given };
  const target = judgeTarget(given, targetRulesOf(config));
  if (target.ok) return { ok: true, url: keptUrl(target.url) };
  if (target.reason === "not_a_url") return { ok: false, refusal: notAUrl(field, given) };
  const message = `${field} ${shownUrl(given)} may not be called: ${target.rule}.${adviceFor(given)}`;
  return { ok: false, refusal: { error: "BLOCKED_URL", message, field } };
}

/** The URL of the endpoint that a request names in `url`. It may be one that may not be called any more. */
export const readEndpointUrl = (
  given: string,
): { ok: true; url: string } | { ok: false; refusal: ApiError } =>
  URL.canParse(given)
    ? { ok: true, url: withoutQuery(keptUrl(new URL(given))) }
    : { ok: false, refusal: notAUrl("url", given) };

const notAUrl = (field: string, given: string): ApiError => ({
  error: "invalid_parameter",
  message: `${field} must be a URL, and is ${shownUrl(given)}.${adviceFor(given)}`,
  field,
});

/** Without the credentials that it may carry. */
const shownUrl = (given: string): string =>
  JSON.stringify(given.replace(/\/\/[^/?#]*@/, "//•••@").slice(0, 200));
const adviceFor = (given: string): string => (isWithoutScheme(given) ? " Add https:// before it." : "");

/** Whether the text begins with a host name, such as `example.com/hook`. */
const isWithoutScheme = (text: string): boolean =>
  /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?([/?#]|$)/i.test(text) && URL.canParse(`https://${text}`);
