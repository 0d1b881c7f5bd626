/**
 * How many requests a caller may make: the platform's rate limiting counts them, in each location by itself. Requests of
 * an org are counted by kind; those without a valid key by their address, so that guessing keys costs the record little.
 */
import type { Context } from "hono";
import { refuse } from "./answer.ts";
import type { HttpEnv } from "./services.ts";

/** What is counted apart. */
export type LimitKind = "reports" | "sends" | "requests" | "addresses";

/** The period of all limits, as `wrangler.toml` has it. */
export const LIMIT_PERIOD_SECONDS = 10;

/** A body counts once for each of these that it has begun. */
const COUNTED_BYTES = 65_536;

export const costOfBytes = (bytes: number): number => Math.max(1, Math.ceil(bytes / COUNTED_BYTES));

const WHAT: Record<LimitKind, string> = {
  reports: "reports and citations come from this org",
  sends: "resends, creates and tests come from this org",
  requests: "requests come from this org",
  addresses: "requests without a valid API key come from this address",
};

/** Counts `cost` requests of whoever asks. Returns the refusal if there are too many. */
export async function countRequests(
  c: Context<HttpEnv>,
  kind: LimitKind,
  { key, cost = 1 }: { key: string; cost?: number },
): Promise<Response | null> {
  const counted = await Promise.all(Array.from({ length: cost }, () => c.env.isWithinLimit(kind, key)));
  return counted.every(Boolean) ? null : refuseRate(kind);
}

export const refuseRate = (kind: LimitKind): Response =>
  refuse(
    {
      error: "RATE_LIMITED",
      message: `Too many ${WHAT[kind]}. Repeat it in ${LIMIT_PERIOD_SECONDS} seconds.`,
    },
    { "retry-after": String(LIMIT_PERIOD_SECONDS) },
  );

/** Who is counted: the org, or the operator. */
export const counted = (c: Context<HttpEnv>): string =>
  c.get("isAdmin") ? "admin" : c.get("apiKey").user_id;
