/**
 * The benchmark's receiver, in a process of its own. It answers every POST after `?delay=` milliseconds, `?fail=`
 * times with 500 first (one call in `?of=`, by the number its id ends with), and notes when each call arrived. `GET
 * /arrivals` answers these times and forgets them. `GET /count` answers how many there are, and how many were
 * answered without delay. `GET /attempts` answers how often each attempt arrived whole, and forgets nothing.
 */
import { createServer } from "node:http";

/** When each call arrived, in milliseconds since the epoch with fractions; one entry an arrival. */
export type Arrivals = Record<string, number[]>;

/** How often each attempt arrived, by call id, delivery and number. */
export type AttemptArrivals = Record<string, number>;

let arrivals: Arrivals = {};
let answeredAtOnce = 0;
const attempts: AttemptArrivals = {};

const server = createServer((request, response) => {
  const arrivedAt = performance.timeOrigin + performance.now();
  const url = new URL(request.url ?? "/", "http://receiver");
  if (url.pathname === "/attempts") {
    response.end(JSON.stringify(attempts));
    return;
  }
  if (request.method === "GET") {
    const count = Object.keys(arrivals).length;
    const told = url.pathname === "/arrivals" ? arrivals : { count, answeredAtOnce };
    if (url.pathname === "/arrivals") {
      arrivals = {};
      answeredAtOnce = 0;
    }
    response.end(JSON.stringify(told));
    return;
  }
  let callId = "unknown";
  request.once("data", (head: Buffer) => {
    callId = /"call_id":"([^"]+)"/.exec(head.subarray(0, 300).toString("latin1"))?.[1] ?? callId;
    const times = arrivals[callId] ?? [];
    arrivals[callId] = times;
    const count = times.push(arrivedAt);
    if (!Number(url.searchParams.get("delay"))) answeredAtOnce++;
    const of = Number(url.searchParams.get("of") ?? 1);
    const isOneOf = Number(/\d+$/.exec(callId)?.[0] ?? 0) % of === of - 1;
    response.statusCode = isOneOf && count <= Number(url.searchParams.get("fail")) ? 500 : 200;
  });
  request.on("end", () => {
    const { "x-postcall-delivery": delivery, "x-postcall-attempt": attempt } = request.headers;
    const key = `${callId}/${delivery}/${attempt}`;
    attempts[key] = (attempts[key] ?? 0) + 1;
    setTimeout(() => response.end("ok"), Number(url.searchParams.get("delay")));
  });
  request.resume();
});

server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" && address !== null ? address.port : 0);
});
process.on("disconnect", () => process.exit());
