/** `GET /v1/postcall/stats`: how an org's webhooks fared in a time. */
import type { Context } from "hono";
import { FIRST_INSTANT } from "../../core/instant.ts";
import {
  BUCKETS_LIMIT,
  countBuckets,
  finestInterval,
  type Interval,
  isSampled,
  type Range,
  summarise,
  weightsOf,
} from "../../core/stats.ts";
import { readEndpoints } from "../../record/endpoints.ts";
import { readSlices } from "../../record/stats.ts";
import { type ApiError, ok, refuse } from "../answer.ts";
import type { Given } from "../route.ts";
import type { HttpEnv } from "../services.ts";
import { emptyRange, readFilter } from "./filter.ts";
import type { statsQuery } from "./schemas.ts";

const DAY_MS = 86_400_000;

export async function getStats(
  c: Context<HttpEnv>,
  { query: { interval: asked, ...query } }: Given<typeof statsQuery>,
): Promise<Response> {
  const read = readFilter(query);
  if (!read.ok) return refuse(read.refusal);
  const { filter } = read;
  const now = c.env.now();
  const until = filter.until ?? now;
  const range = { since: filter.since ?? Math.max(FIRST_INSTANT, until - DAY_MS), until };
  if (range.since >= until) return refuse(emptyRange(range.since, until));
  const interval = asked ?? finestInterval(range) ?? "1d";
  if (countBuckets(range, interval) > BUCKETS_LIMIT) return refuse(tooManyBuckets(range, interval));
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const overdueBefore = now - c.env.config().sweepGraceMs;
  const reads = await readSlices(database, { user_id, filter, overdueBefore, interval, ...range });
  const weights = weightsOf(reads);
  const weighted = reads.flatMap(({ found }, index) =>
    found.map((log) => ({ log, weight: weights[index] ?? 1 })),
  );
  const { endpoints, ...figures } = summarise(weighted, { interval, ...range });
  const health = await readEndpoints(
    database,
    endpoints.map(({ url }) => ({ user_id, url })),
  );
  return ok({
    since: iso(range.since),
    until: iso(until),
    interval,
    sampled: isSampled(reads),
    ...figures,
    endpoints: endpoints.map((endpoint, index) => {
      const failing = health[index]?.first_failure_at ?? null;
      return { ...endpoint, failing_since: failing === null ? null : iso(failing) };
    }),
  });
}

function tooManyBuckets(range: Range, interval: Interval): ApiError {
  const fitting = finestInterval(range, BUCKETS_LIMIT);
  const advice = fitting === null ? `${BUCKETS_LIMIT} days are the most` : `${fitting} fits`;
  const message = `interval ${interval} makes ${countBuckets(range, interval)} buckets of this time, and ${BUCKETS_LIMIT} are the most: ${advice}.`;
  return { error: "invalid_parameter", message, field: "interval" };
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
