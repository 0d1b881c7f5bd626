/**
 * `npm run demo` walks the tutorial on a server of its own. Its only receivers are inboxes. It exits non-zero if
 * anything differs from what it expects.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoClient, type Log } from "./demo-client.ts";
import { freePort, startLocalServer } from "./server.ts";

const stateDir = mkdtempSync(join(tmpdir(), "postcall-demo-"));
console.log("Starting Postcall on a free port, with an empty state …");
const environment = { ...process.env, RETRY_SCHEDULE: "1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s" };
const server = await startLocalServer({ port: await freePort(), stateDir, environment });
const api = demoClient(server.url);
const NUMBER = "+14155550100";
const CITATION = { variable_name: "new_time", variable_type: "string", value: "Monday, 9:30" };
try {
  await walk();
  console.log("\nAll as expected.");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
}

async function walk(): Promise<void> {
  console.log("\n1. An inbox: a receiver of our own");
  const inbox = await api.makeInbox();
  console.log(`   ${inbox.url}`);

  console.log(`\n2. Calls to ${NUMBER} go there`);
  await api.post(`inbound/${NUMBER}`, { webhook: inbox.url });

  console.log("\n3. A test of the number");
  const tested = await api.post<Log>("postcall/webhooks/test", { phone_number: NUMBER });
  show(tested, ["delivered", "create 1 → 200"]);

  console.log("\n4. A call comes in, and is delivered");
  await api.report({ call_id: "call-1", inbound: true, to: NUMBER, status: "completed" });
  show(await api.ended("call-1"), ["delivered", "spawn 1 → 200"]);

  console.log("\n5. The receiver fails, and is mended before the retries are over");
  await api.configure(inbox, { status: 503 });
  await api.report({ call_id: "call-2", inbound: true, to: NUMBER, status: "completed" });
  await api.logWith("call-2", ({ metadata }) => metadata.length >= 2);
  await api.configure(inbox, {});
  const mended = await api.ended("call-2");
  const failures = mended.metadata.slice(0, -1).map((_entry, index) => `spawn ${index + 1} → 503`);
  show(mended, ["delivered", ...failures, `spawn ${failures.length + 1} → 200`]);

  console.log("\n6. The first call is resent");
  const [resent] = await api.post<Log[]>("postcall/webhooks/resend", { call_ids: ["call-1"] });
  show(resent, ["delivered", "spawn 1 → 200", "resend 1 → 200"]);

  console.log("\n7. A call that was reported without a URL, and is sent later");
  const stored = await api.report({ call_id: "call-3", status: "completed" });
  assert.equal(stored.status, "no_webhook");
  const later = { call_ids: ["call-3"], webhook_url: inbox.url };
  const [created] = await api.post<Log[]>("postcall/webhooks/create", later);
  show(created, ["delivered", "create 1 → 200"]);

  console.log("\n8. A call that is held for its citations, and sent with them");
  await api.patchOrg({ webhook_events: ["citations"], delay_for_citations: true });
  const held = await api.report({ call_id: "call-4", inbound: true, to: NUMBER, status: "completed" });
  assert.equal(held.status, "held");
  await api.post("postcall/calls/call-4/citations", { citations: [CITATION] });
  show(await api.ended("call-4"), ["delivered", "spawn 1 → 200"]);

  console.log("\n9. A call that is sent at once, and its citations after it");
  await api.patchOrg({ delay_for_citations: false });
  await api.report({ call_id: "call-5", inbound: true, to: NUMBER, status: "completed" });
  show(await api.ended("call-5"), ["delivered", "spawn 1 → 200"]);
  await api.post("postcall/calls/call-5/citations", { citations: [CITATION] });
  show(await api.ended("call-5", "citations"), ["delivered", "spawn 1 → 200"]);

  const requests = await api.requestsOf(inbox);
  assert.equal(requests.length, 8 + failures.length);
  assert.deepEqual(
    requests.slice(0, 3).map(({ body }) => Object.keys(JSON.parse(body)).includes("citations")),
    [true, false, true],
  );
  assert(requests.every(({ signature }) => signature === "valid"));
  console.log(`\nThe inbox got ${requests.length} requests, and each signature is valid.`);
}

/** Prints a call's history and compares it: its status first, then each entry. */
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
