/**
 * The benchmark's receiver, a process of its own: answers every POST after `?delay=` milliseconds, `?fail=` times with
 * 500 first (one call in `?of=`, by the number its id ends with), and notes when each call arrived. `GET /arrivals` tells and forgets them.
 */
import { createServer } from "node:http";

/** When each call arrived, in milliseconds since the epoch with fractions; one entry an arrival. */
export type Arrivals = Record<string, number[]>;

let arrivals: Arrivals = {};

const server = createServer((request, response) => {
  const arrivedAt = performance.timeOrigin + performance.now();
  const url = new URL(request.url ?? "/", "http://receiver");
  if (request.method === "GET") {
    const told = url.pathname === "/arrivals" ? arrivals : { count: Object.keys(arrivals).length };
    if (url.pathname === "/arrivals") arrivals = {};
    response.end(JSON.stringify(told));
    return;
  }
  request.once("data", (head: Buffer) => {
    const callId = /"call_id":"([^"]+)"/.exec(head.subarray(0, 300).toString("latin1"))?.[1] ?? "unknown";
    arrivals[callId] ??= [];
    const count = arrivals[callId].push(arrivedAt);
    const isOneOf = Number(/\d+$/.exec(callId)?.[0] ?? 0) % Number(url.searchParams.get("of") ?? 1) === 0;
    response.statusCode = isOneOf && count <= Number(url.searchParams.get("fail")) ? 500 : 200;
  });
  request.on("end", () => setTimeout(() => response.end("ok"), Number(url.searchParams.get("delay"))));
  request.resume();
});

server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" && address !== null ? address.port : 0);
});
process.on("disconnect", () => process.exit());
