/**
 * Derives the health of a batch's endpoints, and the operational webhooks to send, from its attempts. Pure except for
 * the ids it is given.
 */
import {
  afterOutcomes,
  type Endpoint,
  endpointEvent,
  RELEASED_AT_ONCE,
  RELEASED_BY_SUCCESS,
  type Waiting,
} from "../core/endpoint.ts";
import { deliveryFailed, endpointChanged } from "../core/operational-webhook.ts";
import { withoutQuery } from "../core/target.ts";
import type { RetryRules } from "../core/transition.ts";
import {
  type AttemptEntry,
  type AttemptKey,
  attemptKeyText,
  OPERATIONAL_EVENT,
} from "../core/webhook-log.ts";
import type { LoadedLog } from "../record/batch-read.ts";
import type { EndpointChange, EndpointKey } from "../record/endpoints.ts";
import { newOperationalWebhook, type OperationalWebhook } from "../record/operational-webhooks.ts";
import type { Release } from "../record/parked.ts";
import type { Fault, Result } from "../record/results.ts";
import type { BatchVerbs } from "./context.ts";

/** An endpoint as it was read, and this batch's attempts to it. */
interface Observed extends EndpointKey {
  endpoint: Endpoint | null;
  entries: AttemptEntry[];
  /** The texts of the attempts' keys. */
  attempts: string[];
}

interface Outcome {
  result: Result;
  log: LoadedLog;
}

interface HealthContext {
  rules: RetryRules;
  now: number;
  newId: () => string;
}

/**
 * Neither operational webhooks nor tests say anything about an endpoint. The former would report themselves. The
 * latter are somebody's trials.
 */
const saysNothing = ({ event, is_test }: LoadedLog): boolean => event === OPERATIONAL_EVENT || is_test === 1;

export function endpointsOf(outcomes: readonly Outcome[]): Observed[] {
  const observed = new Map<string, Observed>();
  for (const outcome of outcomes) {
    const { user_id, endpoint } = outcome.log;
    const url = withoutQuery(outcome.log.url);
    if (url === null || saysNothing(outcome.log)) continue;
    const text = endpointText({ user_id, url });
    const known = observed.get(text) ?? {
      ...{ user_id, url, endpoint, entries: [], attempts: [] },
    };
    known.entries.push(outcome.result.entry);
    known.attempts.push(attemptKeyText(outcome.result.key));
    observed.set(text, known);
  }
  return [...observed.values()];
}

/** The endpoints to write. None if all attempts succeeded and no endpoint had failed. */
export const changesOf = (observed: readonly Observed[], { now, newId }: HealthContext): EndpointChange[] =>
  observed.flatMap(({ user_id, url, endpoint, entries, attempts }) => {
    const health = afterOutcomes(endpoint, entries, now);
    if (health === null) return [];
    const probe = endpoint?.probe ?? null;
    const probed = probe !== null && attempts.includes(probe) ? probe : null;
    return [{ user_id, url, from: endpoint?.version ?? null, version: newId(), health, probed }];
  });

/** The calls to release at endpoints that take calls again, or still have some parked: so many for each success. */
export const releasesOf = (observed: readonly Observed[], taken: readonly EndpointChange[]): Release[] =>
  observed.flatMap(({ user_id, url, endpoint, entries }) => {
    const isRecovered =
      endpoint?.state === "degraded" &&
      taken.some((change) => isSame(change, { user_id, url }) && change.health.state === "active");
    const isReleasing = endpoint?.state === "active" && endpoint.wake_at !== null;
    const successes = entries.filter(({ error }) => error === null).length;
    if (successes === 0 || !(isRecovered || isReleasing)) return [];
    const limit = isRecovered
      ? RELEASED_AT_ONCE + RELEASED_BY_SUCCESS * (successes - 1)
      : RELEASED_BY_SUCCESS * successes;
    return [{ user_id, url, limit }];
  });

export const endpointText = ({ user_id, url }: EndpointKey): string => `${user_id} ${url}`;

const isSame = (one: EndpointKey, other: EndpointKey): boolean => endpointText(one) === endpointText(other);

/** The changes of endpoints' states, each with its event. */
const eventsOf = (observed: readonly Observed[], endpoints: readonly EndpointChange[]) =>
  endpoints.flatMap((change) => {
    const before = observed.find((one) => isSame(one, change))?.endpoint ?? null;
    const type = endpointEvent(before, change.health);
    return type === null ? [] : [{ ...change, type }];
  });

const NONE_WAIT: Waiting = { waiting: 0, waiting_exact: true };

/** How many calls wait at those endpoints whose change is reported. */
export async function waitingAt(
  batch: { observed: readonly Observed[]; endpoints: readonly EndpointChange[] },
  verbs: Pick<BatchVerbs, "countWaiting">,
): Promise<Map<string, Waiting>> {
  const reported = eventsOf(batch.observed, batch.endpoints);
  const keys = reported.map(({ user_id, url }) => ({ user_id, url }));
  const counts = keys.length === 0 ? [] : await verbs.countWaiting(keys);
  return new Map(reported.map(({ version }, index) => [version, counts[index] ?? NONE_WAIT]));
}

/** The operational webhooks to send. Each names what has to be in the record for it to be true. */
export function operationalWebhooksOf(
  batch: {
    outcomes: readonly Outcome[];
    observed: readonly Observed[];
    endpoints: readonly EndpointChange[];
    waiting: ReadonlyMap<string, Waiting>;
  },
  context: HealthContext,
): OperationalWebhook[] {
  const { now } = context;
  const failed = batch.outcomes.flatMap(({ result: { key, next }, log }) =>
    next.status === "failed"
      ? failureWebhook({ key, log, attempts: key.attempt, reason: next.reason }, context)
      : [],
  );
  const changed = eventsOf(batch.observed, batch.endpoints).map(({ user_id, url, version, health, type }) => {
    const waiting = batch.waiting.get(version) ?? NONE_WAIT;
    const payload = endpointChanged({ type, endpoint: { user_id, url }, health, waiting, now });
    return newOperationalWebhook(
      { user_id, id: `endpoint.${version}`, payload, about: { url, version } },
      context,
    );
  });
  return [...failed, ...changed];
}

/** The operational webhooks for deliveries that failed because the consumer could not process them. */
export const operationalWebhooksOfFaults = (
  faulted: readonly { fault: Fault; log: LoadedLog }[],
  context: HealthContext,
): OperationalWebhook[] =>
  faulted.flatMap(({ fault: { key, next }, log }) =>
    next.status === "failed"
      ? failureWebhook({ key, log, attempts: log.attempts, reason: next.reason }, context)
      : [],
  );

function failureWebhook(
  failure: { key: AttemptKey; log: LoadedLog; attempts: number; reason: string | null },
  context: HealthContext,
): OperationalWebhook[] {
  const { key, log, attempts, reason } = failure;
  const { user_id, call_id, event, delivery_id } = key;
  const { url } = log;
  if (url === null || saysNothing(log)) return [];
  const payload = deliveryFailed({ log: { ...key, url }, delivery_id, attempts, reason, now: context.now });
  const about = { call_id, event, delivery_id, attempts };
  return [newOperationalWebhook({ user_id, id: `${delivery_id}.failed`, payload, about }, context)];
}
