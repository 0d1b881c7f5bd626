/** The shapes of webhook logs and attempts in memory. Times are milliseconds since the epoch. */

/** The events for which a call has a log. */
export const LOG_EVENTS = ["call", "citations"] as const;
/** Operational webhooks have logs too, which belong to no call. */
export const OPERATIONAL_EVENT = "operational";
export type LogEvent = (typeof LOG_EVENTS)[number] | typeof OPERATIONAL_EVENT;

/** Why a delivery was made: the normal call flow, a create outside it, or a resend. */
export type SendType = "spawn" | "create" | "resend";

/** The state of the current delivery. */
// biome-ignore format: as many on a line as there is room for
export const LOG_STATUSES = [
  "no_webhook", "held", "pending", "retrying", "delivered", "failed", "disabled",
] as const;
export type LogStatus = (typeof LOG_STATUSES)[number];

/** Why a log is failed, disabled, held or waiting. */
// biome-ignore format: as many on a line as there is room for
export const LOG_REASONS = [
  "attempts_exhausted", "gone", "consumer_fault", "dead_letter", "endpoint_disabled", "endpoint_degraded",
  "endpoint_paused", "rate_limited", "org_suspended", "awaiting_citations",
] as const;

/** A log's primary key. */
export interface LogKey {
  user_id: string;
  call_id: string;
  event: LogEvent;
}

/** An attempt's primary key: the `attempt`th request, from 1, of one delivery of one log. */
export interface AttemptKey extends LogKey {
  delivery_id: string;
  attempt: number;
}

/** A log without its payload and attempts. `delivery_id` is null until there is a first delivery. */
export interface LogState extends LogKey {
  webhook_id: string;
  url: string | null;
  created_at: number;
  status: LogStatus;
  reason: string | null;
  delivery_id: string | null;
  delivery_ordinal: number;
  attempts: number;
  next_attempt_at: number | null;
  payload_bytes: number;
  /** 1 for a test's sample: each delivery makes one attempt, which says nothing about the endpoint. */
  is_test?: 1 | null;
}

/** Why an attempt failed. `http_status` and `redirect` come with a response; the others mostly without. */
export type AttemptError =
  | "http_status"
  | "redirect"
  | "timeout"
  | "dns"
  | "connect"
  | "tls"
  | "protocol"
  | "blocked_url"
  | "resolver"
  | "interrupted";

/** The outcome of one request to a receiver. `response_code` is null if no response came. */
export interface AttemptEntry {
  send_type: SendType;
  sent_at: number;
  response_code: number | null;
  response_ms: number;
  error: AttemptError | null;
  /** Where the request went. An object of an earlier version does not tell it. */
  request_url?: string;
  request_headers: Record<string, string>;
  response_headers: Record<string, string>;
  response_body: string;
}

export const logKeyText = ({ user_id, call_id, event }: LogKey): string =>
  [user_id, call_id, event].join("/");

export const attemptKeyText = (key: AttemptKey): string =>
  [logKeyText(key), key.delivery_id, key.attempt].join("/");
