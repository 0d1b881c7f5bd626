/**
 * Whether a receiver may be called now: the rules its URL was saved under once more, and every address its name has.
 * Asks the public resolver, never the receiver.
 *
 * One gap stays open: the platform's fetch resolves the name again and takes no address, so a name whose address
 * changes between this check and the fetch (DNS rebinding) is called. The check narrows that window to milliseconds.
 */
import { resolve4, resolve6 } from "node:dns/promises";
import { isAddress, isPublicAddress, judgeTarget, nameToResolve, type TargetRules } from "../core/target.ts";

/** Every address that a name has. None, or a rejection, where it does not resolve. */
export type Resolve = (hostname: string) => Promise<string[]>;

/** Why the attempt may not go out, or null where it may. `signal` ends the wait for the resolver. */
export async function refuseReceiver(input: {
  url: string;
  rules: TargetRules;
  resolve: Resolve;
  signal: AbortSignal;
}): Promise<"blocked_url" | "dns" | "timeout" | null> {
  const { url, rules, resolve, signal } = input;
  const target = judgeTarget(url, rules);
  if (!target.ok) return "blocked_url";
  const name = nameToResolve(target.url, rules);
  if (name === null) return null;
  const aborted = new Promise<null>((done) => signal.addEventListener("abort", () => done(null)));
  const addresses = await Promise.race([resolve(name).catch(() => []), aborted]);
  if (addresses === null) return "timeout";
  if (addresses.length === 0) return "dns";
  return addresses.every(isPublicAddress) ? null : "blocked_url";
}

/**
 * The platform's resolver, asked for both families. One that fails counts as having none: a server that answers for
 * one family alone is common, and the fetch can't reach what does not resolve.
 */
export async function resolvePublicly(hostname: string): Promise<string[]> {
  const answers = await Promise.allSettled([resolve4(hostname), resolve6(hostname)]);
  // The platform's answers name the aliases on the way too.
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.filter(isAddress) : []));
}
