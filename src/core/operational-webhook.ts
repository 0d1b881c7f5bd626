/**
 * Operational webhooks tell an org's engineers about its webhooks. Plain data in, the body out. The shape is that of
 * Standard Webhooks, "Payload structure".
 */
import type { EndpointEvent, EndpointHealth, Waiting } from "./endpoint.ts";
import type { LogKey } from "./webhook-log.ts";

const bodyOf = (type: "delivery.failed" | EndpointEvent, now: number, data: object): string =>
  JSON.stringify({ type, timestamp: new Date(now).toISOString(), data });

/** A delivery has failed for good. */
export const deliveryFailed = (input: {
  log: LogKey & { url: string };
  delivery_id: string;
  attempts: number;
  reason: string | null;
  now: number;
}): string => {
  const { call_id, event, user_id, url } = input.log;
  const { delivery_id, attempts, reason } = input;
  const data = { user_id, call_id, event, url, delivery_id, attempts, reason };
  return bodyOf("delivery.failed", input.now, data);
};

/** An endpoint has changed its state. `waiting`: how many calls wait for it. */
export const endpointChanged = (input: {
  type: EndpointEvent;
  endpoint: { user_id: string; url: string };
  health: Pick<EndpointHealth, "state" | "consecutive_failures" | "last_error"> & { reason: string | null };
  waiting: Waiting;
  now: number;
}): string => {
  const { user_id, url } = input.endpoint;
  const { state, reason, consecutive_failures, last_error } = input.health;
  const data = { user_id, url, state, reason, consecutive_failures, last_error };
  return bodyOf(input.type, input.now, { ...data, ...input.waiting });
};
