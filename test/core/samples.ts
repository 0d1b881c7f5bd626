/** Plain samples that the tests vary: an attempt's key, its entry, its request, its log. No assertions. */

import type { AttemptRequest } from "../../src/call/attempt-request.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { NO_SETTINGS } from "../../src/core/endpoint-settings.ts";
import type { AttemptEntry, AttemptKey } from "../../src/core/webhook-log.ts";
import type { LoadedLog } from "../../src/record/batch-read.ts";

/** 2026-01-01T00:00:00Z, a Thursday. */
export const NOW = 1_767_225_600_000;

export const keyOf = (change: Partial<AttemptKey> = {}): AttemptKey => ({
  user_id: "org_1",
  call_id: "call-1",
  event: "call",
  delivery_id: "dlv_1",
  attempt: 1,
  ...change,
});

export const entryOf = (change: Partial<AttemptEntry> = {}): AttemptEntry => ({
  send_type: "spawn",
  sent_at: NOW,
  response_code: 200,
  response_ms: 12,
  error: null,
  request_headers: {},
  response_headers: {},
  response_body: "",
  ...change,
});

export const failureOf = (status: number, response_headers: Record<string, string> = {}): AttemptEntry =>
  entryOf({ response_code: status, error: "http_status", response_headers });

export const requestOf = (change: Partial<AttemptRequest> = {}): AttemptRequest => ({
  key: keyOf(),
  delivery_ordinal: 1,
  send_type: "spawn",
  webhook_id: "msg_1",
  url: "https://crm.example/hook",
  payload: '{"call_id":"call-1"}',
  secrets: ["whsec_c2VjcmV0"],
  last_sent_at: null,
  timeoutMs: 15_000,
  waitMs: 2_000,
  targetRules: { allowPrivate: true, ownHost: "postcall.example" },
  ...change,
});

/** A log that waits for the first attempt of `dlv_1`, due now. */
export const logOf = (change: Partial<LoadedLog> = {}): LoadedLog => ({
  user_id: "org_1",
  call_id: "call-1",
  event: "call",
  webhook_id: "msg_1",
  url: "https://crm.example/hook",
  created_at: NOW,
  status: "pending",
  reason: null,
  delivery_id: "dlv_1",
  delivery_ordinal: 1,
  attempts: 0,
  next_attempt_at: NOW,
  payload_bytes: 20,
  send_type: "spawn",
  losses: 0,
  faults: 0,
  trials: null,
  spared: null,
  payload: '{"call_id":"call-1"}',
  last_sent_at: null,
  encrypted_secrets: ["ciphertext"],
  erases: 0,
  is_full: 0,
  endpoint: null,
  is_suspended: 0,
  ...change,
});

/** A degraded endpoint that has not been probed. */
export const endpointOf = (change: Partial<Endpoint> = {}): Endpoint => ({
  state: "degraded",
  reason: "failing",
  consecutive_failures: 5,
  first_failure_at: NOW,
  last_failure_at: NOW,
  last_error: "timeout",
  recovered_at: null,
  last_success_at: null,
  disabled_at: null,
  version: "v1",
  probe: null,
  probe_until: null,
  probes: 0,
  next_probe_at: NOW,
  wake_at: null,
  next_slot_at: null,
  settings: NO_SETTINGS,
  ...change,
});
