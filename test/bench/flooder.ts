/**
 * Sends a flood, in a process of its own. It POSTs to a given address at a steady pace, whether earlier requests are
 * answered or not, but with a limit on unanswered ones. When stopped it waits for the last answers and reports their
 * number. Exits non-zero if one is not 200.
 */
import { Agent, request } from "node:http";

export interface Flood {
  url: string;
  bytes: number;
  perSecond: number;
}

/** The most unanswered requests: a server that is slower than the flood is still flooded. */
const UNANSWERED_LIMIT = 100;

const agent = new Agent({ keepAlive: true });

function post({ url }: Flood, body: Buffer): Promise<void> {
  return new Promise((done, fail) => {
    const sent = request(url, { method: "POST", agent }, (answer) => {
      if (answer.statusCode !== 200) fail(new Error(`the flood was answered ${answer.statusCode}`));
      answer.resume().once("end", done).once("error", fail);
    });
    sent.once("error", fail).end(body);
  });
}

let isOn = true;
let answered = 0;

async function pour(flood: Flood): Promise<void> {
  const body = Buffer.alloc(flood.bytes, "x");
  const unanswered = new Set<Promise<void>>();
  const started = performance.now();
  for (let begun = 0; isOn; begun++) {
    const early = started + (begun * 1_000) / flood.perSecond - performance.now();
    if (early > 0) await new Promise((done) => setTimeout(done, early));
    while (unanswered.size >= UNANSWERED_LIMIT) await Promise.race(unanswered);
    const one = post(flood, body).then(() => {
      answered++;
      unanswered.delete(one);
    });
    unanswered.add(one);
  }
  await Promise.all(unanswered);
}

process.once("message", (flood: Flood) => {
  process.once("message", () => {
    isOn = false;
  });
  void pour(flood).then(() => {
    process.send?.({ answered });
    process.disconnect();
  });
});
process.once("disconnect", () => process.exit());
