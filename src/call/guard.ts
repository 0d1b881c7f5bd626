/**
 * Whether a receiver may be called now: the rules its URL was saved under once more, and every address its name has.
 *
 * One gap stays open: the platform's fetch resolves the name again and takes no address. A name whose address changes
 * after it was resolved here is called wherever it then leads (DNS rebinding), for up to the minute that the resolver
 * remembers it.
 */
import { isPublicAddress, judgeTarget, nameToResolve, type TargetRules } from "../core/target.ts";
import type { Resolve } from "./resolver.ts";

/**
 * Why the attempt may not go out, or null where it may. `resolver`: nobody can say which addresses the name has, in the
 * time that `signal` leaves.
 */
export async function refuseReceiver(input: {
  url: string;
  rules: TargetRules;
  resolve: Resolve;
  signal: AbortSignal;
}): Promise<"blocked_url" | "dns" | "resolver" | null> {
  const { url, rules, resolve, signal } = input;
  const target = judgeTarget(url, rules);
  if (!target.ok) return "blocked_url";
  const name = nameToResolve(target.url, rules);
  if (name === null) return null;
  const aborted = new Promise<null>((done) => signal.addEventListener("abort", () => done(null)));
  const addresses = await Promise.race([resolve(name).catch(() => null), aborted]);
  if (addresses === null) return "resolver";
  if (addresses.length === 0) return "dns";
  return addresses.every(isPublicAddress) ? null : "blocked_url";
}
