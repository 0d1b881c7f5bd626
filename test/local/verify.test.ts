/**
 * Checks deliveries from outside: two independent libraries and the guide's own code verify what `npm start`'s
 * service sends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { LOCAL_KEY } from "../../src/local/seed.ts";
import { freePort, type LocalServer, startLocalServer } from "../../src/local/server.ts";
import { filesOf } from "../support/guides.ts";
import {
  type Captured,
  changes,
  flipped,
  headersOf,
  isGenuine,
  stillGenuine,
  type Verify,
} from "../support/tampered.ts";

const PAYLOAD = { status: "completed", note: "Zoë ☎ 🎧", price: 1.1 };

const folder = mkdtempSync(join(tmpdir(), "postcall-verify-"));
const receiver = createServer();
const captured: Captured[] = [];
let server: LocalServer;

/** Signed with one secret, and with each of three, newest first. */
let single: { request: Captured; secret: string };
let overlapping: { request: Captured; secrets: string[] };

beforeAll(async () => {
  receiver.on("request", async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    captured.push({ rawBody: Buffer.concat(parts), headers: request.headers });
    response.end();
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  server = await startLocalServer({
    port: await freePort(),
    stateDir: join(folder, "state"),
    environment: process.env,
  });
  single = { request: await deliver("call-single"), secret: server.signingSecret };
  const [second, third] = [await rotate(), await rotate()];
  overlapping = {
    request: await deliver("call-overlap"),
    secrets: [third, second, server.signingSecret],
  };
  writeSnippets();
});
afterAll(async () => {
  await server.stop();
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => vi.useRealTimers());

async function api(path: string, body: object) {
  const headers = { authorization: LOCAL_KEY, "content-type": "application/json" };
  const response = await fetch(`${server.url}/v1/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  const { data, errors } = (await response.json()) as { data: unknown; errors: unknown };
  expect(errors).toBeNull();
  return data;
}

const rotate = async () => ((await api("org/signing-secrets/rotate", {})) as { secret: string }).secret;

const report = (call_id: string, webhook: string) =>
  api("postcall/calls", { payload: { call_id, ...PAYLOAD }, webhook });

async function deliver(call_id: string): Promise<Captured> {
  const { port } = receiver.address() as AddressInfo;
  const before = captured.length;
  await report(call_id, `http://127.0.0.1:${port}/`);
  await until(() => captured.length > before);
  const request = captured[before];
  if (request === undefined) throw new Error("nothing arrived");
  return request;
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((done) => setTimeout(done, 20))) {
    if (await isTrue()) return;
  }
  throw new Error("it did not happen within 20 s");
}

/** The guide's files, beside the packages they import. */
function writeSnippets(): void {
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"), "junction");
  for (const [name, code] of filesOf("receive")) writeFileSync(join(folder, name), code);
}

/** What a file of the guide exports; loaded by Node itself, as a receiver's engineer would. */
const snippet = (name: string) => createRequire(import.meta.url)(join(folder, name));

const STANDARD: [string, Verify][] = [
  [
    "standardwebhooks",
    (request, secret) => new StandardWebhook(secret).verify(request.rawBody, headersOf(request)),
  ],
  ["svix", (request, secret) => new SvixWebhook(secret).verify(request.rawBody, headersOf(request))],
  [
    "the guide's code",
    ({ rawBody, headers }, secret) => snippet("verify.mjs").verifyWebhook(rawBody, headers, secret),
  ],
  [
    "the guide's code with a library",
    ({ rawBody, headers }, secret) => snippet("library.mjs").readWebhook(rawBody, headers, secret),
  ],
];
const older: Verify = ({ rawBody, headers }, secret) =>
  snippet("older.mjs").verifyOlder(rawBody, headers, secret);

const SIGNED = ["webhook-id", "webhook-timestamp", "webhook-signature"];

describe.each(STANDARD)("%s", (_name, verify) => {
  test("accepts a delivery signed with one secret, and reads the bytes that were sent", () => {
    expect(isGenuine(verify, single.request, single.secret)).toBe(true);
    expect(JSON.parse(single.request.rawBody.toString())).toEqual({ call_id: "call-single", ...PAYLOAD });
  });

  test("accepts a delivery during an overlap with each live secret", () => {
    const { request, secrets } = overlapping;
    expect(headersOf(request)["webhook-signature"]?.split(" ")).toHaveLength(3);
    expect(secrets.map((secret) => isGenuine(verify, request, secret))).toEqual([true, true, true]);
  });

  test("refuses it with a secret that is not live, and with none of the signatures there", () => {
    const [newest = ""] = overlapping.secrets;
    expect(isGenuine(verify, single.request, newest)).toBe(false);
    for (const name of SIGNED) {
      const { [name]: _left, ...headers } = single.request.headers;
      expect(isGenuine(verify, { ...single.request, headers }, single.secret)).toBe(false);
    }
  });

  test("refuses it once any byte of the body, the id, the timestamp or the signature is another", () => {
    expect(stillGenuine(verify, changes(single.request, SIGNED), single.secret)).toEqual([]);
  });

  test("refuses it during an overlap once any byte is another that a secret's own signature stands for", () => {
    const { request, secrets } = overlapping;
    const signatures = headersOf(request)["webhook-signature"]?.split(" ") ?? [];
    for (const [index, secret] of secrets.entries()) {
      const headers = { ...request.headers, "webhook-signature": signatures[index] };
      expect(isGenuine(verify, { ...request, headers }, secret)).toBe(true);
      expect(stillGenuine(verify, changes({ ...request, headers }, SIGNED), secret)).toEqual([]);
      const others = signatures.filter((_signature, other) => other !== index).join(" ");
      const without = { ...request, headers: { ...request.headers, "webhook-signature": others } };
      expect(isGenuine(verify, without, secret)).toBe(false);
    }
  });

  test("refuses it where it is more than five minutes old, or from as far in the future", () => {
    const sentAt = Number(headersOf(single.request)["webhook-timestamp"]) * 1_000;
    const acceptedAt = (now: number) => {
      vi.useFakeTimers({ toFake: ["Date"], now });
      return isGenuine(verify, single.request, single.secret);
    };
    const seconds = [-302, -298, 0, 298, 302];
    expect(seconds.map((after) => acceptedAt(sentAt + after * 1_000))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});

describe("the guide's code for x-webhook-signature", () => {
  test("accepts a delivery with the newest secret and no other", () => {
    expect(isGenuine(older, single.request, single.secret)).toBe(true);
    const { request, secrets } = overlapping;
    expect(secrets.map((secret) => isGenuine(older, request, secret))).toEqual([true, false, false]);
  });

  test("refuses it once any byte of the body or the signature is another, and without one", () => {
    const names = ["x-webhook-signature"];
    expect(stillGenuine(older, changes(single.request, names), single.secret)).toEqual([]);
    expect(isGenuine(older, { ...single.request, headers: {} }, single.secret)).toBe(false);
  });
});

describe("the guide's receiver", () => {
  let child: ChildProcess;
  afterEach(() => child.kill());

  test("takes each call once, answers repeats 2xx, and refuses what is not Postcall's", async () => {
    const port = String(await freePort());
    const env = { ...process.env, PORT: port, POSTCALL_SECRET: overlapping.secrets[1] };
    child = spawn(process.execPath, [join(folder, "receiver.mjs")], { env, stdio: "pipe" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (part) => (output += part));
    const url = `http://127.0.0.1:${port}/`;
    await until(() =>
      fetch(url, { method: "POST", body: "{}" }).then(
        ({ status }) => status === 401,
        () => false,
      ),
    );
    await report("call-read", url);
    await until(() => output.includes("call-read"));
    const [log] = (await api("postcall/webhooks/resend", { call_ids: ["call-read"] })) as [object];
    expect(log).toMatchObject({
      status: "delivered",
      metadata: [{ response_code: 204 }, { response_code: 204 }],
    });
    const { rawBody, headers } = overlapping.request;
    const post = async (body: Buffer) => {
      const sent = Object.fromEntries(SIGNED.map((name) => [name, String(headers[name])]));
      return (await fetch(url, { method: "POST", headers: sent, body: new Uint8Array(body) })).status;
    };
    expect([await post(rawBody), await post(rawBody), await post(flipped(rawBody, 9))]).toEqual([
      204, 204, 401,
    ]);
    child.kill();
    await once(child, "close");
    expect(output).toBe("call call-read\ncall call-overlap\n");
  });
});
