/**
 * Sends requests in a process of its own, as fast as they are answered or at a pace: so many at a time, each with a
 * random id in place of `ID_MARK`. When stopped it waits for the last answers and reports how many of each kind there
 * were. Tells at once when it is first refused because its org stores too much. Exits non-zero if an answer is of no
 * kind it knows.
 */
import { randomBytes } from "node:crypto";
import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";

export const ID_MARK = "{random-id}";

export interface Greed {
  url: string;
  senders: number;
  /** How many are begun in a second, on average and at random times; null: no pace. */
  perSecond: number | null;
  headers: OutgoingHttpHeaders;
  /** Sent in turn by POST; without any it asks by GET. */
  bodies: string[];
}

/** How many answers there were with this status, or of refusals with 429 with this code. */
export type Tally = Record<string, number>;

export type GreedMessage = { isFull: true } | { tally: Tally };

const REFUSALS = ["RATE_LIMITED", "QUOTA_EXCEEDED"];

/** A large body that is refused before it is read may find its connection closed before the refusal is read. */
const CUT_OFF = ["EPIPE", "ECONNRESET"];

let isOn = true;
const tally: Tally = {};

function kindOf(status: number, body: string): string {
  if (status === 202 || status === 401) return String(status);
  const code = REFUSALS.find((refusal) => status === 429 && body.includes(refusal));
  if (code === undefined) throw new Error(`a greedy request was answered ${status}: ${body.slice(0, 300)}`);
  return code;
}

function ask(agent: Agent, { url, headers }: Greed, body: string | undefined): Promise<string> {
  const id = randomBytes(24).toString("hex");
  const marked = Object.entries(headers).map(([name, value]) => [name, String(value).replace(ID_MARK, id)]);
  return new Promise((done, fail) => {
    const options = {
      method: body === undefined ? "GET" : "POST",
      agent,
      headers: Object.fromEntries(marked),
    };
    const sent = request(url, options, (answer) => {
      text(answer).then((body) => done(kindOf(answer.statusCode ?? 0, body)), fail);
    });
    sent.once("error", (error) =>
      "code" in error && CUT_OFF.includes(`${error.code}`) ? done("cut off") : fail(error),
    );
    sent.end(body?.replace(ID_MARK, id));
  });
}

async function send(greed: Greed): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  let due = performance.now();
  let next = 0;
  const sender = async () => {
    while (isOn) {
      const index = next++;
      if (greed.perSecond !== null) due += (-Math.log(1 - Math.random()) * 1_000) / greed.perSecond;
      const early = due - performance.now();
      if (early > 0) await new Promise((done) => setTimeout(done, early));
      const kind = await ask(agent, greed, greed.bodies[index % greed.bodies.length]);
      const before = tally[kind] ?? 0;
      if (kind === "QUOTA_EXCEEDED" && before === 0) process.send?.({ isFull: true } satisfies GreedMessage);
      tally[kind] = before + 1;
    }
  };
  await Promise.all(Array.from({ length: greed.senders }, sender));
}

if (process.send !== undefined) {
  process.once("message", (greed: Greed) => {
    process.once("message", () => {
      isOn = false;
    });
    void send(greed).then(() => {
      process.send?.({ tally } satisfies GreedMessage);
      process.disconnect();
    });
  });
  process.once("disconnect", () => process.exit());
}
