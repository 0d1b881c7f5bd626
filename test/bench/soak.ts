/**
 * `npm run soak` puts the real server under load, kills it with SIGKILL and starts it again on the same state,
 * `--kills` times over `--calls` calls. Exits non-zero if a call is lost or can't be accounted for, or if recovery is
 * late.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../../src/local/server.ts";
import { type Accepted, account } from "./account.ts";
import { now, openReceiver, pause, type Receiver } from "./driver.ts";
import { payloads } from "./payloads.ts";
import { logsOf, type Plan, reportUntilAccepted, untilSettled } from "./persistent.ts";
import { recordLeftIn, type ServerGroup, serverGroup } from "./server-group.ts";
import { printSoak, progressBar, type Recovery, type SoakResults } from "./soak-report.ts";

const SWEEP_GRACE_SECONDS = 5;
const VARIABLES = { SWEEP_GRACE: `${SWEEP_GRACE_SECONDS}s`, RETRY_SCHEDULE: "1s, 2s" };
/** Calls due at a kill must have ended this long after the server is ready again. */
const RECOVERY_LIMIT_MS = (SWEEP_GRACE_SECONDS + 15) * 1_000;
/** A call that has not ended after this long never will. */
const LONG_AFTER_MS = 90_000;
const REPORTS_PER_SECOND = 100;
const ATTEMPTS = 3;

const { values: options } = parseArgs({
  options: {
    calls: { type: "string", default: "2000" },
    kills: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});

/**
 * How the `index`th call's receiver answers: one in 100 later than a batch waits, one in 25 late, one in 33 always
 * with 500 and one in 7 once. Failing ones have an endpoint each, because five failures in a row would degrade one.
 */
function answerTo(index: number): { delay?: number; fail?: number; endpoint: number } {
  if (index % 33 === 5) return { fail: ATTEMPTS * 100, endpoint: 1_000 + index };
  if (index % 7 === 1) return { fail: 1, endpoint: 1_000 + index };
  if (index % 100 === 9) return { delay: 3_000, endpoint: 1 };
  if (index % 25 === 3) return { delay: 300, endpoint: 2 };
  return { endpoint: 0 };
}

function planOf(calls: number, receiver: Receiver): Plan[] {
  const ids = Array.from({ length: calls }, (_, index) => `soak-${index}`);
  return [...payloads(ids)].map((payload, index) => {
    const answer = answerTo(index);
    const body = JSON.stringify({ payload, webhook: receiver.url(answer) });
    return { call_id: payload.call_id, ends: (answer.fail ?? 0) >= ATTEMPTS ? "failed" : "delivered", body };
  });
}

/**
 * Reports a round of calls and kills the server when half are accepted and a quarter has arrived. Then some are being
 * reported, some are queued, some are being sent and some recorded. Returns how it recovered.
 */
async function round(
  server: ServerGroup,
  input: {
    plan: readonly Plan[];
    accepted: Set<string>;
    receiver: Receiver;
    stateDir: string;
    onPhase: (phase: string) => void;
  },
): Promise<Recovery> {
  const { plan, accepted, receiver, stateDir, onPhase } = input;
  onPhase("reporting");
  const half = accepted.size + Math.ceil(plan.length / 2);
  const quarter = (await receiver.count()).count + Math.ceil(plan.length / 4);
  const reporting = reportUntilAccepted(server.url, { plan, accepted, perSecond: REPORTS_PER_SECOND });
  reporting.catch(() => {}); // awaited below, unless something else fails first
  for (const until = now() + LONG_AFTER_MS; ; await pause(5)) {
    if (accepted.size >= half && (await receiver.count()).count >= quarter) break;
    if (now() > until) throw new Error(`a quarter of ${plan.length} calls never arrived`);
  }
  const killedAt = await server.kill();
  const before = [...accepted];
  onPhase("killed");
  const { recorded, due } = recordLeftIn(stateDir, killedAt);
  const missing = before.filter((call_id) => !recorded.has(call_id));
  const readyAt = await server.start();
  onPhase(`recovering ${due.length}`);
  await untilSettled(server.url, { callIds: due, until: readyAt + LONG_AFTER_MS });
  const recoveryMs = now() - readyAt;
  await reporting;
  return { due: due.length, missing, downMs: readyAt - killedAt, recoveryMs };
}

async function soak(calls: number, kills: number): Promise<SoakResults> {
  const stateDir = mkdtempSync(join(tmpdir(), "postcall-soak-"));
  const receiver = await openReceiver();
  const server = serverGroup({ port: await freePort(), stateDir, variables: VARIABLES });
  const plan = planOf(calls, receiver);
  const accepted = new Set<string>();
  const bar = progressBar(calls, () => accepted.size);
  try {
    const startedAt = now();
    bar.phase("starting");
    await server.start();
    const recoveries: Recovery[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const share = plan.slice(Math.floor(((kill - 1) * calls) / kills), Math.floor((kill * calls) / kills));
      const onPhase = (phase: string) => bar.phase(`round ${kill} of ${kills}: ${phase}`);
      recoveries.push(await round(server, { plan: share, accepted, receiver, stateDir, onPhase }));
    }
    bar.phase("settling");
    const callIds = plan.map(({ call_id }) => call_id);
    await untilSettled(server.url, { callIds, until: now() + LONG_AFTER_MS });
    const logs = await logsOf(server.url, callIds);
    const ended = plan.map(
      ({ call_id, ends }, index): Accepted => ({ call_id, ends, log: logs[index] ?? null }),
    );
    const figures = account(ended, await receiver.attempts());
    return { ...figures, recoveries, recoveryLimitMs: RECOVERY_LIMIT_MS, tookMs: now() - startedAt };
  } finally {
    bar.stop();
    await server.kill();
    receiver.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

function readCount(name: "calls" | "kills"): number {
  const count = /^[1-9]\d{0,5}$/.test(options[name]) ? Number(options[name]) : 0;
  if (count === 0)
    throw new Error(`--${name} must be a whole number from 1, and is ${JSON.stringify(options[name])}`);
  return count;
}

try {
  const [calls, kills] = [readCount("calls"), readCount("kills")];
  if (calls < 2 * kills) throw new Error("--calls must be at least two for each of --kills");
  const results = await soak(calls, kills);
  process.exitCode = printSoak(results, options) ? 0 : 1;
} catch (error) {
  console.error("The soak went wrong; it has no figures.", error);
  process.exit(1); // reporters may still be waiting for an answer
}
