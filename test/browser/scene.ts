/** What the browser's tests play on: a local server with an empty state, a receiver, and calls in every state. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SampleKind, sampleOf } from "../../src/core/samples.ts";
import { LOCAL_KEY, LOCAL_ORG } from "../../src/local/seed.ts";
import { freePort, type LocalServer, startLocalServer } from "../../src/local/server.ts";
import { openReceiver, type Receiver } from "./receiver.ts";

const NUMBERS = ["+14155550100", "+14155550188", "+442079460958", "+16285550142", "+19175550119"];

export interface Scene {
  server: LocalServer;
  receiver: Receiver;
  /** A request to the API with the local org's key, or another one. Throws if it is refused. */
  api: <T = unknown>(method: string, path: string, json?: unknown, key?: string) => Promise<T>;
  /** Reports a sample call, to a path of the receiver or without a webhook. Returns its id. */
  report: (options?: Reported) => Promise<string>;
  stop: () => Promise<void>;
}

interface Reported {
  call_id?: string;
  /** A path of the receiver; null: no webhook. */
  to?: string | null;
  kind?: SampleKind;
  /** Members that the sample has not, or has otherwise. */
  payload?: Record<string, unknown>;
}

export async function openScene(environment: Record<string, string> = {}): Promise<Scene> {
  const stateDir = mkdtempSync(join(tmpdir(), "postcall-browser-"));
  const receiver = await openReceiver();
  const server = await startLocalServer({ port: await freePort(), stateDir, environment });
  let made = 0;

  async function api<T>(method: string, path: string, json?: unknown, key = LOCAL_KEY): Promise<T> {
    const headers = { authorization: key, "content-type": "application/json" };
    const body = json === undefined ? undefined : JSON.stringify(json);
    const response = await fetch(`${server.url}/v1/${path}`, { method, headers, ...(body && { body }) });
    const answer = (await response.json()) as { data: T; errors: unknown };
    if (answer.errors !== null) throw new Error(`${method} ${path}: ${JSON.stringify(answer.errors)}`);
    return answer.data;
  }

  async function report({ call_id, to = "/hook", kind = "completed", payload = {} }: Reported = {}) {
    const index = made++;
    const id =
      call_id ?? `c-${(0x9f2e41d8 ^ (index * 0x9e3779b1)).toString(16).replace("-", "").padStart(8, "0")}`;
    const phone_number = NUMBERS[index % NUMBERS.length] ?? null;
    const sample = sampleOf(kind, { call_id: id, user_id: LOCAL_ORG, phone_number, now: Date.now() });
    await api("POST", "postcall/calls", {
      payload: { ...sample, ...payload },
      webhook: to === null ? null : receiver.url(to),
    });
    return id;
  }

  const stop = async () => {
    await server.stop();
    await receiver.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return { server, receiver, api, report, stop };
}

/** Calls in every state, as somebody would find them on a working day. Returns their ids by state. */
export async function everyState({ receiver, api, report }: Scene): Promise<Record<string, string>> {
  receiver.answer("/maintenance", {
    status: 503,
    headers: { "retry-after": "240", server: "nginx" },
    body: '{"error":"upstream CRM is in maintenance"}',
  });
  receiver.answer("/old", { status: 410, body: '{"error":"moved"}' });
  receiver.answer("/broken", { status: 500, body: "<h1>Internal error</h1>" });
  const delivered: string[] = [];
  for (let index = 0; index < 12; index++) delivered.push(await report());
  for (let index = 0; index < 8; index++) await report({ to: "/broken" });
  await api("PATCH", "org", {
    webhook_events: ["citations"],
    delay_for_citations: true,
    citations_timeout_seconds: 3600,
  });
  const held = await report();
  const cited = await report();
  const sample = sampleOf("citations", {
    ...{ call_id: cited, user_id: LOCAL_ORG, phone_number: null, now: Date.now() },
  }) as unknown as { citations: unknown };
  await api("POST", `postcall/calls/${cited}/citations`, { citations: sample.citations });
  await api("PATCH", "org", { webhook_events: [], delay_for_citations: false });
  const noWebhook = await report({ to: null });
  const gone = await report({ to: "/old" });
  const retrying = await report({ to: "/maintenance" });
  await api("POST", "endpoints/pause", { url: receiver.url("/paused") });
  const paused = await report({ to: "/paused" });
  await new Promise((done) => setTimeout(done, 1_500));
  await api("POST", "postcall/webhooks/resend", { call_ids: [delivered[0]] });
  return { delivered: delivered[0] ?? "", held, cited, noWebhook, gone, retrying, paused };
}
