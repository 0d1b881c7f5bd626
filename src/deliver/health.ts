/**
 * Derives the health of a batch's endpoints, and the operational webhooks to send, from its attempts. Pure except for
 * the ids it is given.
 */
import { afterOutcomes, type Endpoint, endpointEvent } from "../core/endpoint.ts";
import { deliveryFailed, endpointChanged } from "../core/operational-webhook.ts";
import { withoutQuery } from "../core/target.ts";
import type { RetryRules } from "../core/transition.ts";
import { type AttemptEntry, type AttemptKey, OPERATIONAL_EVENT } from "../core/webhook-log.ts";
import type { LoadedLog } from "../record/batch-read.ts";
import type { EndpointChange, EndpointKey } from "../record/endpoints.ts";
import { newOperationalWebhook, type OperationalWebhook } from "../record/operational-webhooks.ts";
import type { Fault, Result } from "../record/results.ts";

/** An endpoint as it was read, and this batch's attempts to it. */
interface Observed extends EndpointKey {
  endpoint: Endpoint | null;
  entries: AttemptEntry[];
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
    const known = observed.get(`${user_id} ${url}`) ?? { user_id, url, endpoint, entries: [] };
    known.entries.push(outcome.result.entry);
    observed.set(`${user_id} ${url}`, known);
  }
  return [...observed.values()];
}

/** The endpoints to write. None if all attempts succeeded and no endpoint had failed. */
export const changesOf = (observed: readonly Observed[], { now, newId }: HealthContext): EndpointChange[] =>
  observed.flatMap(({ user_id, url, endpoint, entries }) => {
    const health = afterOutcomes(endpoint, entries, now);
    if (health === null) return [];
    const releasing = health.state === "active" && endpoint?.state === "degraded";
    return [{ user_id, url, from: endpoint?.version ?? null, version: newId(), health, releasing }];
  });

/** The operational webhooks to send. Each names what has to be in the record for it to be true. */
export function operationalWebhooksOf(
  batch: {
    outcomes: readonly Outcome[];
    observed: readonly Observed[];
    endpoints: readonly EndpointChange[];
  },
  context: HealthContext,
): OperationalWebhook[] {
  const { now } = context;
  const failed = batch.outcomes.flatMap(({ result: { key, next }, log }) =>
    next.status === "failed"
      ? failureWebhook({ key, log, attempts: key.attempt, reason: next.reason }, context)
      : [],
  );
  const changed = batch.endpoints.flatMap(({ user_id, url, version, health }) => {
    const before = batch.observed.find((one) => one.user_id === user_id && one.url === url)?.endpoint ?? null;
    const type = endpointEvent(before, health);
    if (type === null) return [];
    const payload = endpointChanged({ type, endpoint: { user_id, url }, health, now });
    return [
      newOperationalWebhook(
        { user_id, id: `endpoint.${version}`, payload, about: { url, version } },
        context,
      ),
    ];
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
