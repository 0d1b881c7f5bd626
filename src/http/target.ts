/** A receiver's URL in a request: judged by the guard's rules, refused in the wire's words. */
import { judgeTarget, targetRulesOf } from "../core/target.ts";
import type { ApiError } from "./answer.ts";

/** Why the URL in `field` is refused, or null where it may be called. */
export function refuseTarget(
  field: string,
  url: string,
  config: Parameters<typeof targetRulesOf>[0],
): ApiError | null {
  const target = judgeTarget(url, targetRulesOf(config));
  if (target.ok) return null;
  const shown = JSON.stringify(url.slice(0, 200));
  const advice = isWithoutScheme(url) ? " Add https:// before it." : "";
  return target.reason === "not_a_url"
    ? { error: "invalid_parameter", message: `${field} must be a URL, and is ${shown}.${advice}`, field }
    : {
        error: "BLOCKED_URL",
        message: `${field} ${shown} may not be called: ${target.rule}.${advice}`,
        field,
      };
}

/** Whether the text begins with a host name, as in `example.com/hook`. */
const isWithoutScheme = (text: string): boolean =>
  /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?([/?#]|$)/i.test(text) && URL.canParse(`https://${text}`);
