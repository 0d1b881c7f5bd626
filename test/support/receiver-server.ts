/**
 * The tests' receivers: one real HTTP server in Node, started before the tests, and the same over TLS with a certificate
 * that nobody vouches for. `POST /receivers` takes a program of answers and opens an address under `/r/`;
 * `GET /receivers/ID` tells what arrived there, `PUT` lets it answer what is held (`/always`: and hold no more) or fail the first
 * attempts of every call from now on (`/fail/COUNT`), `DELETE` forgets it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { TestProject } from "vitest/node";
import { answerRaw, type RawAnswer } from "./raw-answer.ts";
import { SELF_SIGNED } from "./self-signed.ts";

/** One answer of a receiver; the last of a program is given to all further requests. */
export interface Answer {
  status?: number;
  delayMs?: number;
  headers?: Record<string, string>;
  body?: string;
  /** The body is begun and never ended. */
  neverEnds?: boolean;
  /** Nothing is answered until the receiver is told to. */
  held?: boolean;
  /** Bytes of its own instead of all that. */
  raw?: RawAnswer;
}

/** A request as it arrived. Times are milliseconds since the epoch; `ended_at` is null while it is being answered, and raw until the connection is over. */
export interface Received {
  method: string;
  /** What follows the receiver's address. */
  query: string;
  headers: Record<string, string>;
  body: string;
  started_at: number;
  ended_at: number | null;
  /** The status it was answered with. */
  status: number | null;
}

declare module "vitest" {
  interface ProvidedContext {
    receiverServer: string;
    selfSignedServer: string;
  }
}

interface Opened {
  program: Answer[];
  received: Received[];
  /** Lets what is held be answered. */
  answers: (() => void)[];
  holds: boolean;
  /** Attempts up to this number are answered 500. */
  failed: number;
}

const receivers = new Map<string, Opened>();
let lastId = 0;

export default async function setup(project: TestProject) {
  const listener = (request: IncomingMessage, response: ServerResponse) => void serve(request, response);
  const plain = createServer(listener);
  const selfSigned = createTlsServer(SELF_SIGNED, listener);
  project.provide("receiverServer", `http://127.0.0.1:${await listen(plain)}`);
  project.provide("selfSignedServer", `https://127.0.0.1:${await listen(selfSigned)}`);
  return () => {
    for (const server of [plain, selfSigned]) {
      server.closeAllConnections();
      server.close();
    }
  };
}

function answerHeld(receiver: Opened, always: boolean): void {
  if (always) receiver.holds = false;
  for (const answer of receiver.answers.splice(0)) answer();
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receivers' server has no port");
  return address.port;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const started_at = Date.now();
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString("utf8");
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const [, room, id = "", order, count] = path.split("/");
  const receiver = receivers.get(id);
  if (room === "receivers" && request.method === "POST") {
    const opened = String(++lastId);
    receivers.set(opened, { program: JSON.parse(body), received: [], answers: [], holds: true, failed: 0 });
    response.end(opened);
  } else if (receiver === undefined) {
    response.writeHead(404).end();
  } else if (room === "receivers") {
    if (request.method === "PUT" && order === "fail") receiver.failed = Number(count);
    else if (request.method === "PUT") answerHeld(receiver, order === "always");
    if (request.method === "DELETE") receivers.delete(id);
    response.end(JSON.stringify(receiver.received));
  } else {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const method = request.method ?? "";
    const received: Received = { method, query, headers, body, started_at, ended_at: null, status: null };
    const step =
      receiver.program[Math.min(receiver.received.push(received), receiver.program.length) - 1] ?? {};
    if (step.raw !== undefined) {
      await answerRaw(request.socket, step.raw);
      received.ended_at = Date.now();
      return;
    }
    if (step.held === true && receiver.holds)
      await new Promise<void>((answer) => receiver.answers.push(answer));
    await new Promise((done) => setTimeout(done, step.delayMs ?? 0));
    received.ended_at = Date.now();
    const isFailed = Number(headers["x-postcall-attempt"]) <= receiver.failed;
    received.status = isFailed ? 500 : (step.status ?? 200);
    response.writeHead(received.status, step.headers);
    response.write(step.body ?? "ok");
    if (step.neverEnds !== true) response.end();
  }
}
