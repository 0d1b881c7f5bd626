/** Judges a receiver's URL in a request by the guard's rules, and words the refusal. */
import { judgeTarget, keptUrl, targetRulesOf } from "../core/target.ts";
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
  const shown = JSON.stringify(given.slice(0, 200));
  const advice = isWithoutScheme(given) ? " Add https:// before it." : "";
  const refusal: ApiError =
    target.reason === "not_a_url"
      ? { error: "invalid_parameter", message: `${field} must be a URL, and is ${shown}.${advice}`, field }
      : {
          error: "BLOCKED_URL",
          message: `${field} ${shown} may not be called: ${target.rule}.${advice}`,
          field,
        };
  return { ok: false, refusal };
}

/** Whether the text begins with a host name, such as `example.com/hook`. */
const isWithoutScheme = (text: string): boolean =>
  /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?([/?#]|$)/i.test(text) && URL.canParse(`https://${text}`);
