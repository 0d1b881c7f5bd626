/** Growth: how many rows each request reads with few and with many logs in the tables. */
import { LOCAL_ORG } from "../../src/local/seed.ts";
import { type MeteredServer, readMeter } from "./cost.ts";
import { ask, newCalls, pause, type Receiver, reportAll, untilRecorded } from "./driver.ts";
import { demandArrivals, demandAtLeast, demandIdle, nothing, sum } from "./evidence.ts";

export interface RowsRead {
  logs: number;
  report: number;
  get: number;
  resend: number;
  /** A sweep that finds nothing new, of one org. */
  sweep: number;
  /** What a sweep reads more for each log that is new since the last one. */
  sweepPerLog: number;
}

/** How many logs one statement adds; D1 bounds a statement's time. */
const FILL_STEP = 10_000;

/** Fills the tables up to each size in turn, and returns what each request then reads. */
export async function growth(
  server: MeteredServer,
  receiver: Receiver,
  { sizes, progress }: { sizes: readonly number[]; progress: (text: string) => void },
): Promise<RowsRead[]> {
  const read: RowsRead[] = [];
  for (const logs of sizes) {
    progress(`rows read among ${logs} logs`);
    await fillUpTo(server, logs);
    await ask(server, "/meter/sweep"); // walks over all that was filled in
    // Twice, and the smaller counts: one may include the look-up of the API key, which is remembered for 30 s.
    const [one, other] = [await rowsRead(server, receiver), await rowsRead(server, receiver)];
    read.push({
      logs,
      report: Math.min(one.report, other.report),
      get: Math.min(one.get, other.get),
      resend: Math.min(one.resend, other.resend),
      ...(await sweptRows(server, receiver)),
    });
  }
  return read;
}

async function fillUpTo({ database }: MeteredServer, logs: number): Promise<void> {
  for (;;) {
    const have = (await database.prepare("SELECT count(*) AS n FROM webhook_logs").first<number>("n")) ?? 0;
    if (have >= logs) return;
    const count = Math.min(FILL_STEP, logs - have);
    const numbers = "WITH RECURSIVE n(i) AS (SELECT ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 + ?3 - 1)";
    await database.batch([
      database
        .prepare(
          `${numbers} INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
             payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses)
           SELECT ?1, 'old-' || i, 'call', 'msg', 'http://127.0.0.1:1/', ?4 + i, '', '{}', 2, 'delivered', 'dlv', 1, 'spawn', 1, 0
           FROM n`,
        )
        .bind(LOCAL_ORG, have, count, Date.now() - 86_400_000),
    ]);
  }
}

/** The grace of the sweep on this server: the walk reads a call's log once it is that old. */
export const GROWTH_SWEEP_GRACE_SECONDS = 5;
const NEW_LOGS = 100;

/** The rows that a sweep reads where nothing is new, and those it reads more for each new log. */
async function sweptRows(
  server: MeteredServer,
  receiver: Receiver,
): Promise<Pick<RowsRead, "sweep" | "sweepPerLog">> {
  const untilGrace = () => pause(GROWTH_SWEEP_GRACE_SECONDS * 1_000);
  await untilGrace();
  await ask(server, "/meter/sweep");
  await readMeter(server);
  await ask(server, "/meter/sweep");
  const { rows_read: sweep } = (await readMeter(server)).steps;
  const webhook = receiver.url();
  const reported = await reportAll(server, { calls: newCalls(NEW_LOGS), webhook, reporters: NEW_LOGS });
  const callIds = reported.map(({ call_id }) => call_id);
  demandArrivals(await receiver.arrivals(NEW_LOGS), callIds);
  await untilRecorded(server, reported);
  await readMeter(server);
  await untilGrace();
  await ask(server, "/meter/sweep");
  const { steps, cron } = await readMeter(server);
  const { rows_read, sweeps } = sum(steps, cron);
  demandAtLeast("the walk", { ...nothing(), rows_read }, { rows_read: sweeps * sweep + 0.9 * NEW_LOGS });
  return { sweep, sweepPerLog: (rows_read - sweeps * sweep) / NEW_LOGS };
}

async function rowsRead(
  server: MeteredServer,
  receiver: Receiver,
): Promise<Omit<RowsRead, "logs" | "sweep" | "sweepPerLog">> {
  const [payload] = newCalls(1);
  if (payload === undefined) throw new Error("there is no call to report");
  const { call_id } = payload;
  const webhook = receiver.url();
  const used = async (path: string, request?: Parameters<typeof ask>[2]) => {
    await readMeter(server);
    await ask(server, path, request);
    const { steps, cron } = await readMeter(server);
    demandIdle(cron);
    demandAtLeast(path, steps, { rows_read: 1 });
    return steps.rows_read;
  };
  const delivered = async () => {
    demandArrivals(await receiver.arrivals(1), [call_id]);
    await untilRecorded(server, [{ call_id }]);
  };
  const report = await used("/v1/postcall/calls", { body: { payload, webhook }, status: 202 });
  await delivered();
  const get = await used(`/v1/postcall/webhooks/${call_id}`);
  const resend = await used("/v1/postcall/webhooks/resend", {
    body: { call_ids: [call_id] },
    status: 202,
    prefer: "respond-async",
  });
  await delivered();
  return { report, get, resend };
}
