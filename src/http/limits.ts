/**
 * How many requests a caller may make: the platform's rate limiting counts them, in each location by itself. Requests of
 * an org are counted by kind; those without a valid key by their address, so that guessing keys costs the record little.
 */
import type { Context } from "hono";
import { refuse } from "./answer.ts";
import type { Body } from "./body.ts";
import { memory } from "./memory.ts";
import type { Route } from "./route.ts";
import type { HttpEnv } from "./services.ts";

/** What is counted apart. */
export type LimitKind = "reports" | "sends" | "requests" | "addresses";

/** The period of all limits, as `wrangler.toml` has it. */
export const LIMIT_PERIOD_SECONDS = 10;

/** A report counts once for each of these that its body has begun. */
const COUNTED_BYTES = 65_536;
/** A send counts once for each of these that it has begun. */
const COUNTED_CALLS = 20;

const WHAT: Record<LimitKind, string> = {
  reports: "reports and citations come from this org",
  sends: "resends, creates and tests come from this org",
  requests: "requests come from this org",
  addresses: "requests without a valid API key come from this address",
};

/** Counts a request before its body is read. Returns the refusal if there are too many. */
export function countRequest(c: Context<HttpEnv>, { limit }: Pick<Route, "limit">): Promise<Response | null> {
  return count(c, limit?.kind ?? "requests", limit?.cost ?? 1);
}

/** Counts what a request's body adds, also if it is refused: reading it was work. */
export async function countBody(
  c: Context<HttpEnv>,
  { limit }: Route,
  body: Body<unknown>,
): Promise<Response | null> {
  if (limit?.kind === undefined) return null;
  const parts = limit.kind === "reports" ? body.bytes / COUNTED_BYTES : callsIn(body) / COUNTED_CALLS;
  const more = Math.ceil(parts) - 1;
  return more > 0 ? count(c, limit.kind, more) : null;
}

function callsIn(body: Body<unknown>): number {
  const { call_ids } = body.ok ? (body.value as { call_ids?: unknown[] }) : {};
  return call_ids?.length ?? 0;
}

async function count(
  c: Context<HttpEnv>,
  kind: "reports" | "sends" | "requests",
  cost: number,
): Promise<Response | null> {
  const key = c.get("isAdmin") ? "admin" : c.get("apiKey").user_id;
  const counted = await Promise.all(Array.from({ length: cost }, () => c.env.isWithinLimit(kind, key)));
  return counted.every(Boolean) ? null : refuseRate(kind);
}

/** Addresses from which too many requests without a valid key came. For them nothing is looked up that was never found before. */
const barred = memory<true>();

export const isBarred = (c: Context<HttpEnv>): boolean => barred.get(countedAddress(c), c.env.now()) === true;

/** Counts a request without a valid key, session or link. Returns the refusal if there are too many from its address. */
export async function countBad(c: Context<HttpEnv>): Promise<Response | null> {
  const address = countedAddress(c);
  if (!isBarred(c)) {
    if (await c.env.isWithinLimit("addresses", address)) return null;
    barred.remember(address, true, c.env.now() + LIMIT_PERIOD_SECONDS * 1_000);
  }
  return refuseRate("addresses");
}

/** An address as it is counted: of IPv6 the network, which is one customer's. */
export const countedAddress = (c: Context<HttpEnv>): string => {
  const address = c.req.header("cf-connecting-ip") ?? "";
  return address.includes(":") ? networkOf(address) : address;
};

/** The first 64 bits of an IPv6 address as it is written. */
function networkOf(address: string): string {
  const [head = "", tail = ""] = address.split("::");
  const groups = head.split(":").filter(Boolean);
  const rest = tail.split(":").filter(Boolean);
  const zeros = address.includes("::") ? Array(Math.max(0, 8 - groups.length - rest.length)).fill("0") : [];
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}

export const refuseRate = (kind: LimitKind): Response =>
  refuse(
    {
      error: "RATE_LIMITED",
      message: `Too many ${WHAT[kind]}. Repeat it in ${LIMIT_PERIOD_SECONDS} seconds.`,
    },
    { "retry-after": String(LIMIT_PERIOD_SECONDS) },
  );
