/** Calls each function of the record that is about endpoints and the calls that wait at them. */
import { env } from "cloudflare:workers";
import { NO_SETTINGS } from "../../../src/core/endpoint-settings.ts";
import { forgetEndpoint, setEndpoint } from "../../../src/record/endpoint-settings.ts";
import { enableEndpoint, pauseEndpoint, probeEndpoint } from "../../../src/record/endpoint-state.ts";
import { listEndpoints, readEndpoints } from "../../../src/record/endpoints.ts";
import { giveSlots, takeTurns } from "../../../src/record/pace.ts";
import {
  countWaiting,
  readLateWakes,
  readWaking,
  releaseCalls,
  type WakingEndpoint,
  wakeEndpoints,
} from "../../../src/record/parked.ts";
import { removeWell } from "../../../src/record/retention.ts";
import { readSuspended, wakeUnsuspended } from "../../../src/record/suspension.ts";
import { type Calls, ENDPOINT, KEY, NOW } from "./samples.ts";

const WAKING: WakingEndpoint = {
  ...{ ...ENDPOINT, wake_at: NOW, state: "active", probes: 0, timeout_seconds: null, waiting: [KEY] },
};

export const CALLS_OF_ENDPOINTS: Calls = {
  readEndpoints: (db) => readEndpoints(db, [ENDPOINT]),
  listEndpoints: (db) => listEndpoints(db, { user_id: "org", state: "degraded", after: "", limit: 50 }),
  setEndpoint: (db) =>
    setEndpoint(db, { ...ENDPOINT, version: "v", settings: { ...NO_SETTINGS, retry_schedule: ["5s"] } }),
  forgetEndpoint: (db) => forgetEndpoint(db, ENDPOINT),
  removeWell: (db) => removeWell(db, NOW),
  enableEndpoint: (db) =>
    enableEndpoint(db, { ...ENDPOINT, version: "v", now: NOW, redeliver: false, operationalWebhooks: [] }),
  pauseEndpoint: (db) => pauseEndpoint(db, { ...ENDPOINT, version: "v", now: NOW, operationalWebhooks: [] }),
  probeEndpoint: (db) => probeEndpoint(db, { ...ENDPOINT, now: NOW }),
  readWaking: (db) => readWaking(db, { keys: [ENDPOINT], now: NOW, limit: 10 }),
  wakeEndpoints: (db) =>
    wakeEndpoints(db, {
      woken: [
        { endpoint: WAKING, waking: { kind: "release", limit: 10, wake_at: NOW + 1 } },
        { endpoint: WAKING, waking: null },
      ],
      ...{ now: NOW, sweepGraceMs: 1 },
    }),
  releaseCalls: (db) =>
    releaseCalls(db, { releases: [{ ...ENDPOINT, limit: 10 }], now: NOW, sweepGraceMs: 1 }),
  takeTurns: (db) => takeTurns(db, { asked: [{ ...ENDPOINT, ratePerSecond: 1, count: 1 }], now: NOW }),
  giveSlots: (db) => giveSlots(db, { asked: [{ ...ENDPOINT, ratePerSecond: 1, count: 1 }], now: NOW }),
  readLateWakes: (db) => readLateWakes(db, { before: NOW, limit: 100 }),
  countWaiting: (db) => countWaiting(db, [ENDPOINT]),
  readSuspended: (db) => readSuspended(db, "org"),
  wakeUnsuspended: async (db) => {
    await env.DB.prepare("UPDATE orgs SET woken_to = '' WHERE user_id = 'org'").run();
    await wakeUnsuspended(db, NOW);
  },
};
