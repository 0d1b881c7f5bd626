/**
 * What requests and batches hold in memory at once. Each isolate has a heap of 128 MB, as on the platform: if one
 * needs more, the runtime dies and nothing answers any more. A text with one character beyond Latin-1 takes two bytes
 * a character.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type LocalServer, startLocalServer } from "../../src/local/server.ts";
import { runtimePids } from "../bench/processes.ts";
import { postInChunks } from "../support/chunks.ts";

const HEAP_MB = 128;
const CALLS = 31;
const HEADERS = { authorization: "pc_local_key", "content-type": "application/json" };
/** A payload of nearly 1 MiB of UTF-8, and of 2 MiB in memory. */
const TEXT = `ж${"x".repeat(1_048_400)}`;

const stateDir = mkdtempSync(join(tmpdir(), "postcall-memory-"));
let server: LocalServer;
beforeAll(async () => {
  process.env.MINIFLARE_WORKERD_V8_FLAGS = `--max-heap-size=${HEAP_MB}`;
  server = await startLocalServer({ port: await freePort(), stateDir, environment: process.env });
  delete process.env.MINIFLARE_WORKERD_V8_FLAGS;
});
afterAll(async () => {
  await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const post = (path: string, body: string, headers = {}) =>
  fetch(`${server.url}/v1/postcall/${path}`, { method: "POST", headers: { ...HEADERS, ...headers }, body });

/** The size of the answer's body, which is not kept. */
async function bytesOf({ body }: Response): Promise<number> {
  let bytes = 0;
  for await (const part of body ?? []) bytes += part.length;
  return bytes;
}

test("31 calls of 1 MiB each are created, sent and answered at once", async () => {
  const sizes: number[] = [];
  const crm = createServer(async (request, response) => {
    let size = 0;
    for await (const part of request) size += part.length;
    sizes.push(size);
    response.end();
  });
  await new Promise<void>((done) => crm.listen(0, "127.0.0.1", done));
  const call_ids = Array.from({ length: CALLS }, (_, n) => `call-${n}`);
  const payloads = call_ids.map((call_id) => JSON.stringify({ call_id, text: TEXT }));
  for (const payload of payloads) {
    const answer = await post("calls", `{"payload":${payload}}`);
    expect([answer.status, await bytesOf(answer)]).toEqual([202, expect.any(Number)]);
  }
  const webhook_url = `http://127.0.0.1:${(crm.address() as AddressInfo).port}/`;
  const created = await post("webhooks/create", JSON.stringify({ call_ids, webhook_url }), {
    prefer: "wait=25",
  });
  expect(created.status).toBe(200);
  expect(await bytesOf(created)).toBeGreaterThan(CALLS * TEXT.length);
  expect(sizes.sort()).toEqual(payloads.map((payload) => Buffer.byteLength(payload)).sort());
  crm.close();
});

test.each([
  ["a million numbers whose digits are kept", `[${"1.0,".repeat(1_000_000)}1.0]`],
  ["1.3 million empty objects and a number whose digits are kept", `[${"{},".repeat(1_300_000)}1.0]`],
  ["600,000 texts", `["${Array(600_000).fill("ж").join('","')}"]`],
])("four reports at once of %s are refused, and the service goes on", async (_what, list) => {
  const body = `{"payload":{"call_id":"large","list":${list}}}`;
  const answers = await Promise.all(Array.from({ length: 4 }, () => post("calls", body)));
  await Promise.all(answers.map(bytesOf));
  expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413]);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

test("four bodies of 60,000 chunks of one byte take no memory for each chunk", async () => {
  const [pid] = runtimePids();
  const residentMb = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
  const before = residentMb();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMb());
  }, 5);
  const bodies = Array.from(
    { length: 4 },
    (_, n) => `{"payload":{"call_id":"chunked-${n}","text":"${"x".repeat(60_000)}"}}`,
  );
  const answers = await Promise.all(
    bodies.map((text) => postInChunks(`${server.url}/v1/postcall/calls`, { headers: HEADERS, text })),
  );
  clearInterval(timer);
  expect(answers).toEqual(Array(4).fill({ status: 202 }));
  expect(peak - before).toBeLessThan(100); // MB; with the chunks kept it was 250 for each body
});
