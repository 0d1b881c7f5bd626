/** The answers of receivers that mean no good, and what an attempt that got one is recorded with. Data only. */
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import type { RawAnswer } from "./raw-answer.ts";

/** Says that it closes: else the caller may put its next request, to whatever receiver, on a connection that is ending. */
const OK = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
const bytes = (data: Uint8Array) => String.fromCharCode(...data);
/** A 200 with a length, which `lie` changes. */
const whole = (body: string, { headers = "", lie = 0 } = {}) =>
  `${OK}${headers}content-length: ${body.length + lie}\r\n\r\n${body}`;
const GZIP = "content-encoding: gzip\r\n";

const ZEROS = new Uint8Array(20_000_000);
const bomb = gzipSync(ZEROS);
const CONTROLS = Array.from({ length: 4_096 }, (_, index) => String.fromCharCode(index % 32)).join("");

export interface Hostile {
  name: string;
  raw: RawAnswer;
  /** What its attempt is recorded with. */
  error: string | null;
  code: number | null;
  /** What is kept of the body, where that matters. */
  kept?: string;
}

const NO_RESPONSE: Hostile[] = [
  {
    name: "a byte now and then in the headers",
    raw: { start: `${OK}x-pad: `, repeated: { text: "a", everyMs: 50 } },
    error: "timeout",
    code: null,
  },
  {
    name: "100 Continue without end",
    raw: { repeated: { text: "HTTP/1.1 100 Continue\r\n\r\n", everyMs: 5 } },
    error: "timeout",
    code: null,
  },
  { name: "no byte at all", raw: {}, error: "timeout", code: null },
  {
    name: "10 MB of headers",
    raw: {
      start: OK,
      repeated: { text: `x-pad: ${"a".repeat(10_000)}\r\n`, times: 1_000 },
      end: "close",
    },
    error: "connect",
    code: null,
  },
  {
    name: "one header of 10 MB",
    raw: { start: `${OK}x-pad: `, repeated: { text: "a".repeat(10_000), times: 1_000 }, end: "close" },
    error: "connect",
    code: null,
  },
  { name: "a reset before an answer", raw: { end: "reset" }, error: "connect", code: null },
  { name: "a connection closed before an answer", raw: { end: "close" }, error: "connect", code: null },
  {
    name: "a reset within the headers",
    raw: { start: `${OK}x-pad: a`, end: "reset" },
    error: "connect",
    code: null,
  },
  {
    name: "bytes that are no HTTP",
    raw: { start: "220 mail ESMTP\r\n\r\n", end: "close" },
    error: "connect",
    code: null,
  },
  {
    name: "a negative length",
    raw: { start: whole("", { lie: -5 }), end: "close" },
    error: "connect",
    code: null,
  },
  {
    name: "two lengths",
    raw: { start: whole("ok", { headers: "content-length: 3\r\n" }), end: "close" },
    error: "connect",
    code: null,
  },
];

const BROKEN_BODIES: Hostile[] = [
  {
    name: "a byte now and then in the body",
    raw: { start: whole("", { lie: 9_999 }), repeated: { text: "a", everyMs: 50 } },
    error: "timeout",
    code: 200,
  },
  {
    name: "a reset within the body",
    raw: { start: whole("half", { lie: 4 }), repeated: { text: "a", times: 1, everyMs: 50 }, end: "reset" },
    error: "protocol",
    code: 200,
  },
  {
    name: "a body shorter than its length",
    raw: { start: whole("half", { lie: 4 }), end: "close" },
    error: "protocol",
    code: 200,
    kept: "half",
  },
  {
    name: "a chunk of no length",
    raw: { start: `${OK}transfer-encoding: chunked\r\n\r\nzz\r\nhalf\r\n`, end: "close" },
    error: "protocol",
    code: 200,
    kept: "",
  },
  {
    name: "gzip that is none",
    raw: { start: whole("not gzip", { headers: GZIP }), end: "close" },
    error: "protocol",
    code: 200,
    kept: "",
  },
  {
    name: "gzip cut short",
    raw: { start: whole(bytes(bomb.subarray(0, 12)), { headers: GZIP }), end: "close" },
    error: "protocol",
    code: 200,
    kept: "",
  },
];

const CUT_BODIES: Hostile[] = [
  {
    name: "a body longer than its length",
    raw: { start: whole("half and more", { lie: -9 }), end: "close" },
    error: null,
    code: 200,
    kept: "half",
  },
  {
    name: "an endless body in chunks",
    raw: {
      start: `${OK}transfer-encoding: chunked\r\n\r\n`,
      repeated: { text: `1000\r\n${"a".repeat(4_096)}\r\n` },
    },
    error: null,
    code: 200,
    kept: "a".repeat(4_096),
  },
  {
    name: "an endless body without a length",
    raw: { start: `${OK}\r\n`, repeated: { text: "a".repeat(10_000) } },
    error: null,
    code: 200,
    kept: "a".repeat(4_096),
  },
  {
    name: "a gzip bomb",
    raw: { start: whole(bytes(bomb), { headers: GZIP }), end: "close" },
    error: null,
    code: 200,
    kept: "\0".repeat(4_096),
  },
  {
    name: "a gzip bomb without end",
    raw: {
      start: `${OK}${GZIP}\r\n\x1f\x8b\b\0\0\0\0\0\0\x03`,
      repeated: { text: bytes(deflateRawSync(ZEROS, { finishFlush: constants.Z_SYNC_FLUSH })) },
    },
    error: null,
    code: 200,
    kept: "\0".repeat(4_096),
  },
  {
    name: "a gzip bomb within gzip",
    raw: { start: whole(bytes(gzipSync(bomb)), { headers: GZIP }), end: "close" },
    error: null,
    code: 200,
  },
  {
    name: "gzip twice, by its header",
    raw: {
      start: whole(bytes(gzipSync(bomb)), { headers: "content-encoding: gzip, gzip\r\n" }),
      end: "close",
    },
    error: null,
    code: 200,
  },
  {
    name: "gzip of nothing",
    raw: { start: whole("", { headers: GZIP }), end: "close" },
    error: null,
    code: 200,
    kept: "",
  },
  {
    name: "4 KB of control characters",
    raw: { start: whole(CONTROLS), end: "close" },
    error: null,
    code: 200,
    kept: CONTROLS,
  },
  {
    name: "4 KB of bytes that are no UTF-8",
    raw: { start: whole("\xff".repeat(4_096)), end: "close" },
    error: null,
    code: 200,
    kept: "\ufffd".repeat(4_096),
  },
];

export const HOSTILE = [...NO_RESPONSE, ...BROKEN_BODIES, ...CUT_BODIES];
