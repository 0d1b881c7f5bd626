/** `npm start` from outside: a process group of its own, a state that outlives it, sockets and signals. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, expect, test } from "vitest";
import { freePort } from "../../src/local/server.ts";

const stateDir = mkdtempSync(join(tmpdir(), "postcall-test-"));
const running = new Set<ChildProcess>();

interface Started {
  child: ChildProcess;
  url: string;
  output: () => string;
}

/** Spawns `npm start`'s command as a process group, without waiting for it. */
async function launch(variables: Record<string, string> = {}): Promise<Started> {
  const port = variables.PORT ?? String(await freePort());
  const env = { ...process.env, STATE_DIR: stateDir, ...variables, PORT: port };
  const child = spawn(process.execPath, ["src/local/start.ts"], { env, detached: true, stdio: "pipe" });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (part) => (output += part));
  return { child, url: `http://127.0.0.1:${port}`, output: () => output };
}

/** Launches it and waits until it has printed how to use it. */
async function start(variables: Record<string, string> = {}): Promise<Started> {
  const started = await launch(variables);
  await until(
    () => started.output().includes("Ctrl-C"),
    () => `it did not start:\n${started.output()}`,
  );
  return started;
}

async function until(isTrue: () => boolean | Promise<boolean>, why: () => string): Promise<void> {
  for (const end = Date.now() + 40_000; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    if (await isTrue()) return;
  }
  throw new Error(why());
}

async function kill({ child }: Started): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  running.delete(child);
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

const v1 = (url: string, path: string, init: RequestInit = {}) =>
  fetch(`${url}/v1/${path}`, {
    ...init,
    headers: { authorization: "pc_local_key", "content-type": "application/json" },
  });

const api = (url: string, path: string, init: RequestInit = {}) => v1(url, `postcall/${path}`, init);

const report = (url: string, call_id: string, webhook: string) =>
  api(url, "calls", { method: "POST", body: JSON.stringify({ payload: { call_id }, webhook }) });

/** A receiver that never answers its first `silent` requests. */
async function receiver({ silent = 0 } = {}) {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    if (bodies.push(body) > silent) response.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies, server };
}

afterEach(async () => {
  await Promise.all([...running].map((child) => kill({ child, url: "", output: () => "" })));
});
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

test("a call that SIGKILL cut off in flight is delivered after the next start, and the state is all there", async () => {
  const crm = await receiver({ silent: 1 });
  const first = await start({ SWEEP_GRACE: "1s" });
  const secret = /whsec_\S+/.exec(first.output())?.[0];
  expect(first.output()).toContain("pc_local_key");
  expect((await report(first.url, "in-flight", crm.url)).status).toBe(202);
  await until(
    () => crm.bodies.length === 1,
    () => `nothing was sent:\n${first.output()}`,
  );
  await kill(first);
  await expect(fetch(`${first.url}/healthz`)).rejects.toThrow();

  const second = await start({ SWEEP_GRACE: "1s" });
  expect(second.output()).toContain(secret);
  const log = async () =>
    (await (await api(second.url, "webhooks/in-flight")).json()) as { data: { status: string } };
  await until(
    async () => (await log()).data.status === "delivered",
    () => `the sweep delivered nothing:\n${second.output()}`,
  );
  expect(await log()).toMatchObject({ data: { metadata: [{ attempt: 1, response_code: 200 }] } });
  expect(crm.bodies).toEqual(['{"call_id":"in-flight"}', '{"call_id":"in-flight"}']);
  crm.server.close();
});

test("an inbox outlives SIGKILL with what it got, and a call leaves no file of its own", async () => {
  const first = await start();
  const made = await (await v1(first.url, "inboxes", { method: "POST" })).json();
  const { id, url } = (made as { data: { id: string; url: string } }).data;
  await report(first.url, "to-inbox", url);
  const requests = async (at: string) =>
    (await (await v1(at, `inboxes/${id}/requests`)).json()) as { data: object[] };
  await until(
    async () => (await requests(first.url)).data.length > 0,
    () => `nothing arrived:\n${first.output()}`,
  );
  const before = await requests(first.url);
  expect(before).toMatchObject({ data: [{ body: '{"call_id":"to-inbox"}', signature: "valid" }] });
  await kill(first);
  expect(await requests((await start()).url)).toEqual(before);
  const kept = readdirSync(join(stateDir, "v3", "do"), { recursive: true }).map(String);
  expect(kept.filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file))).toEqual([
    join("postcall-inboxes-Inbox", `${id}.sqlite`),
  ]);
});

test("a request whose body stops half way leaves no row", async () => {
  const { url } = await start();
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  const head = [
    "POST /v1/postcall/calls HTTP/1.1",
    "host: 127.0.0.1",
    "authorization: pc_local_key",
    "content-length: 200",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n{"payload":{"call_id":"half-way"},"webhook":null}`);
  socket.resume();
  await once(socket, "close");
  const resend = await api(url, "webhooks/resend", { method: "POST", body: '{"call_ids":["half-way"]}' });
  expect(await resend.json()).toMatchObject({ errors: [{ call_id: "half-way", reason: "not_found" }] });
});

test("the first answer to a request with the local key is not 401: the org is there before the port is open", async () => {
  const freshState = mkdtempSync(join(tmpdir(), "postcall-fresh-"));
  const { url, output } = await launch({ STATE_DIR: freshState });
  const statuses: number[] = [];
  await until(
    async () => {
      const answer = await v1(url, "org").catch(() => null);
      if (answer !== null) statuses.push(answer.status);
      return statuses.length > 0;
    },
    () => `nothing answered:\n${output()}`,
  );
  expect(statuses).toEqual([200]);
  rmSync(freshState, { recursive: true, force: true });
});

test("the printed example can be pasted twice, and a line is printed for each attempt", async () => {
  const { output } = await start();
  const printed = output();
  const commands = printed
    .slice(printed.indexOf("  INBOX="), printed.indexOf("Each attempt"))
    .replace(/^\S.*$/gm, "");
  const paste = async () =>
    (await promisify(execFile)("bash", ["-c", `${commands}\nsleep 1.5; echo; echo $CALL`])).stdout;
  for (const pasted of [await paste(), await paste()]) {
    expect(pasted.match(/"status":"(pending|delivered)"/g)).toHaveLength(2);
    const call_id = pasted.trim().split("\n").at(-1) ?? "";
    await until(
      () => output().includes(`${call_id}  spawn 1 → 200 in`),
      () => `no line for ${call_id}:\n${output()}`,
    );
  }
});

test("the printed address of the console signs in to the local org, once", async () => {
  const { url, output } = await start();
  const [, link = ""] = /http:\S+\/console#link=(\S+)/.exec(output()) ?? [];
  const signIn = () =>
    fetch(`${url}/console/session`, {
      method: "POST",
      headers: { origin: url, "x-postcall-console": "1", "content-type": "application/json" },
      body: JSON.stringify({ link }),
    });
  const signedIn = await signIn();
  expect(await signedIn.json()).toMatchObject({ data: { kind: "org", user_id: "org_local" } });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await fetch(`${url}/v1/org`, { headers: { cookie } })).status).toBe(200);
  expect((await signIn()).status).toBe(401);
});

test("only this machine's names are answered, so that no page of a browser reaches it by another one", async () => {
  const { url } = await start();
  const { port } = new URL(url);
  const statusFor = async (host: string) => {
    const { stdout } = await promisify(execFile)("curl", [
      "-s",
      "-w",
      "\n%{http_code}",
      "-H",
      `host: ${host}`,
      `${url}/healthz`,
    ]);
    return stdout;
  };
  for (const host of [`127.0.0.1:${port}`, "localhost", `[::1]:${port}`, `LOCALHOST:${port}`])
    expect(await statusFor(host)).toMatch(/\n200$/);
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.1",
  ])
    expect(await statusFor(host)).toMatch(/"FORBIDDEN".*only, and the request's host is .*\n403$/);
});

test("a port that is taken, and a variable that is unusable, end it with a sentence that names them", async () => {
  const crm = await receiver();
  const port = new URL(crm.url).port;
  const cases: [Record<string, string>, string][] = [
    [{ PORT: port }, `port ${port} is taken`],
    [{ PORT: "web" }, 'PORT must be a port from 1 to 65535, and is "web"'],
    [{ SWEEP_GRACE: "later" }, 'SWEEP_GRACE must be a duration such as "60s", at most 24h, and is "later"'],
    [{ SECRETS_KEY: "c2hvcnQ=" }, "SECRETS_KEY must be 32 random bytes in base64"],
  ];
  for (const [variables, sentence] of cases) {
    const { child, output } = await launch(variables);
    const [code] = await once(child, "exit");
    expect(output()).toContain(sentence);
    expect(code).toBe(1);
  }
  crm.server.close();
});
