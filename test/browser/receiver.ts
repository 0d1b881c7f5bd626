/** A receiver on this machine that answers as it is told, path by path. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface Behaviour {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  delayMs?: number;
}

interface Received {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Receiver {
  /** The address of a path, such as `/hook`. */
  url: (path: string) => string;
  /** How a path answers from now on; 200 without being told. */
  answer: (path: string, behaviour: Behaviour) => void;
  received: Received[];
  stop: () => Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const behaviours = new Map<string, Behaviour>();
  const received: Received[] = [];
  const server: Server = createServer(async (request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    received.push({ path, headers: request.headers, body: await text(request) });
    const { status = 200, headers = {}, body = "{}", delayMs = 0 } = behaviours.get(path) ?? {};
    await new Promise((done) => setTimeout(done, delayMs));
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    answer: (path, behaviour) => void behaviours.set(path, behaviour),
    received,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
