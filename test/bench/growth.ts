/** Growth: how many rows each request reads with few and with many logs in the tables. */
import { LOCAL_ORG } from "../../src/local/seed.ts";
import { type MeteredServer, readMeter } from "./cost.ts";
import { ask, newCalls, type Receiver, untilRecorded } from "./driver.ts";
import { demandArrivals, demandAtLeast, demandIdle } from "./evidence.ts";

export interface RowsRead {
  logs: number;
  report: number;
  get: number;
  resend: number;
  sweep: number;
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
    // Twice, and the smaller counts: one may include the look-up of the API key, which is remembered for 30 s.
    const [one, other] = [await rowsRead(server, receiver), await rowsRead(server, receiver)];
    read.push({
      logs,
      report: Math.min(one.report, other.report),
      get: Math.min(one.get, other.get),
      resend: Math.min(one.resend, other.resend),
      sweep: Math.min(one.sweep, other.sweep),
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

async function rowsRead(server: MeteredServer, receiver: Receiver): Promise<Omit<RowsRead, "logs">> {
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
  const sweep = await used("/meter/sweep");
  return { report, get, resend, sweep };
}
