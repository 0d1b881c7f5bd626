/**
 * Decides whether a receiver may be called now: its URL is judged by the rules again, and so is every address of its
 * name.
 *
 * One gap stays open. The platform's fetch resolves the name again and accepts no address. If the name's address
 * changes after the check, the request goes to the new address (DNS rebinding). The resolver remembers a name for a
 * minute, so the gap lasts that long.
 */
import { isPublicAddress, judgeTarget, nameToResolve, type TargetRules } from "../core/target.ts";
import type { Resolve } from "./resolver.ts";

/**
 * Why the attempt may not be made, or null if it may. `resolver`: the addresses of the name could not be found out
 * before `signal` fired.
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
