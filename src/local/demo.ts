/** `npm run demo`: the main job from end to end on a server of its own. Exits non-zero where anything differs from what it expects. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bodySignature } from "../core/signature.ts";
import { LOCAL_KEY } from "./seed.ts";
import { freePort, type LocalServer, startLocalServer } from "./server.ts";

/** A log as the API answers it, as far as the demo looks. */
interface Log {
  call_id: string;
  url: string | null;
  created_at: string;
  status: string;
  metadata: {
    sent_at: string;
    response_code: number | null;
    response_time: string;
    send_type: string;
    attempt: number;
  }[];
}

const stateDir = mkdtempSync(join(tmpdir(), "postcall-demo-"));
console.log("Starting Postcall on a free port, with an empty state …");
const environment = { ...process.env, RETRY_SCHEDULE: "1s, 2s" };
const server = await startLocalServer({ port: await freePort(), stateDir, environment });
try {
  await walk(server);
  console.log("All as expected.");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
}

async function walk({ url, signingSecret }: LocalServer): Promise<void> {
  const api = client(url);
  const steady = await openReceiver([200]);
  const flaky = await openReceiver([500, 503, 200]);

  console.log("\n1. A call whose receiver answers at once");
  await api.report("call-steady", steady.url);
  show(await api.settled("call-steady"), ["delivered", "spawn 1 → 200"]);

  console.log("\n2. A call whose receiver fails twice first");
  await api.report("call-flaky", flaky.url);
  show(await api.settled("call-flaky"), ["delivered", "spawn 1 → 500", "spawn 2 → 503", "spawn 3 → 200"]);

  console.log("\n3. A call that was reported without a URL, and is sent later");
  const stored = await api.report("call-later", null);
  assert.equal(stored.status, "no_webhook");
  const [created] = await api.post("webhooks/create", { call_ids: ["call-later"], webhook_url: steady.url });
  show(created, ["delivered", "create 1 → 200"]);

  console.log("\n4. The first call once more, by hand");
  const [resent] = await api.post("webhooks/resend", { call_ids: ["call-steady"] });
  show(resent, ["delivered", "spawn 1 → 200", "resend 1 → 200"]);

  const received = [...steady.received, ...flaky.received];
  for (const { signature, body } of received) {
    assert.equal(signature, await bodySignature(signingSecret, new TextEncoder().encode(body)));
  }
  console.log(`\nThe receivers got ${received.length} requests, and each signature fits.`);
  assert.equal(received.length, 6);
  steady.close();
  flaky.close();
}

function client(url: string) {
  const headers = { authorization: LOCAL_KEY, "content-type": "application/json" };
  async function ask(path: string, init: RequestInit) {
    const response = await fetch(`${url}/v1/postcall/${path}`, { headers, ...init });
    const { data, errors } = (await response.json()) as { data: unknown; errors: unknown };
    assert.equal(errors, null, JSON.stringify(errors));
    return data;
  }
  const post = (path: string, body: unknown) => ask(path, { method: "POST", body: JSON.stringify(body) });
  return {
    post: post as (path: string, body: unknown) => Promise<Log[]>,
    report: (call_id: string, webhook: string | null) =>
      post("calls", {
        payload: { call_id, status: "completed", summary: "Wants a call back." },
        webhook,
      }) as Promise<Log>,
    async settled(call_id: string): Promise<Log> {
      for (const until = Date.now() + 30_000; ; await new Promise((done) => setTimeout(done, 100))) {
        const log = (await ask(`webhooks/${call_id}`, {})) as Log;
        if (log.status === "delivered" || log.status === "failed") return log;
        assert(Date.now() < until, `${call_id} is still ${log.status} after 30 s`);
      }
    },
  };
}

/** Prints a call's history, and compares it: its status first, then each entry. */
function show(log: Log | undefined, expected: string[]): void {
  assert(log !== undefined, "there is no log");
  const since = (time: string) =>
    `${((Date.parse(time) - Date.parse(log.created_at)) / 1_000).toFixed(3)} s`.padStart(9);
  const entries = log.metadata.map((entry) => `${entry.send_type} ${entry.attempt} → ${entry.response_code}`);
  console.log(`   ${log.call_id} is ${log.status}; first decided ${log.created_at}`);
  for (const [index, entry] of log.metadata.entries()) {
    console.log(`   ${since(entry.sent_at)}  ${entries[index]} in ${entry.response_time}`);
  }
  assert.deepEqual([log.status, ...entries], expected);
}

/** A receiver on this machine that answers with these statuses in turn, the last one for good. */
async function openReceiver(statuses: number[]) {
  const received: { signature: string; body: string }[] = [];
  const receiver = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString("utf8");
    const count = received.push({ signature: String(request.headers["x-webhook-signature"]), body });
    response.writeHead(statuses[Math.min(count, statuses.length) - 1] ?? 200).end();
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  const { port } = receiver.address() as AddressInfo;
  const close = () => {
    receiver.closeAllConnections();
    receiver.close();
  };
  return { url: `http://127.0.0.1:${port}/`, received, close };
}
