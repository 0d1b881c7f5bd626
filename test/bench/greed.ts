/** Whoever wants more than a limit allows: an org that reports as fast as it can, and one who tries keys. */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import type { LocalServer } from "../../src/local/server.ts";
import { LOCAL_ADMIN_KEY } from "../../src/local/variables.ts";
import { type Greed, type GreedMessage, ID_MARK, type Tally } from "./greedy.ts";
import { payloads } from "./payloads.ts";

const SENDERS = 16;
/** Different bodies; then they come again under new ids. */
const BODIES = 200;
/** A body counts once for each 64 KiB that it has begun: 16 of them, with what is beside the payload. */
const LARGE_BYTES = 16 * 65_536 - 1_024;

export interface Org {
  user_id: string;
  key: string;
}

/** Makes an org as the operator does. */
export async function newOrg(server: LocalServer, limits: { stored_gb?: number } = {}): Promise<Org> {
  const response = await fetch(`${server.url}/v1/admin/orgs`, {
    method: "POST",
    headers: headersOf(LOCAL_ADMIN_KEY),
    body: JSON.stringify({ name: "Greedy", limits }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the org was answered ${response.status}: ${text}`);
  const { data } = JSON.parse(text) as { data: { user_id: string; key: { key: string } } };
  return { user_id: data.user_id, key: data.key.key };
}

const headersOf = (authorization: string) => ({ authorization, "content-type": "application/json" });

const reportsWith = (server: LocalServer, { key }: Org, bodies: string[]): Greed => ({
  ...{ url: `${server.url}/v1/postcall/calls`, senders: SENDERS, perSecond: null },
  ...{ headers: headersOf(key), bodies },
});

/** Reports of ordinary calls. */
export function reportsOf(server: LocalServer, org: Org, webhook: string): Greed {
  const calls = [...payloads(Array.from({ length: BODIES }, () => ID_MARK))];
  return reportsWith(
    server,
    org,
    calls.map((payload) => JSON.stringify({ payload, webhook })),
  );
}

/** Reports of calls that take up as much as a report may, and can't be compressed. Nothing is sent for them. */
export function largeReportsOf(server: LocalServer, org: Org): Greed {
  const text = randomBytes((LARGE_BYTES * 3) / 4).toString("base64");
  return reportsWith(server, org, [JSON.stringify({ payload: { call_id: ID_MARK, text } })]);
}

/** All from one address that nobody else has. The platform names it in this header. */
export const badKeys = (server: LocalServer): Greed => ({
  ...{ url: `${server.url}/v1/org`, senders: SENDERS, perSecond: null, bodies: [] },
  headers: { ...headersOf(`pc_${ID_MARK}`), "cf-connecting-ip": "192.0.2.1" },
});

interface Greedy {
  /** Resolves when it is refused for the first time because its org stores too much. */
  full: Promise<void>;
  stop: () => Promise<Tally>;
}

/** Begins at once, in a process of low priority: it should not keep this machine from the service. */
export function openGreedy(greed: Greed): Greedy {
  const child = fork(join(import.meta.dirname, "greedy.ts"));
  const full = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Tally>();
  child.on("message", (message: GreedMessage) => {
    if ("isFull" in message) full.resolve();
    else ended.resolve(message.tally);
  });
  child.once("exit", (code) => {
    for (const { promise, reject } of [full, ended]) {
      promise.catch(() => {}); // nobody may be waiting for it
      reject(new Error(`the greedy requests ended with ${code}`)); // changes nothing if it has resolved
    }
  });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  child.send(greed);
  const stop = () => {
    child.send("stop");
    return ended.promise;
  };
  return { full: full.promise, stop };
}
