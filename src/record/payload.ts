/**
 * How a payload's text is stored in a log's row: compressed if that makes it much smaller. Nothing else knows the
 * format. Compressed bytes cross D1 as hexadecimal text, which is three times as fast as the array of numbers that a
 * BLOB is sent as.
 */
import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** The largest payload, in bytes of UTF-8 as it is serialised. */
export const PAYLOAD_LIMIT_BYTES = 1_048_576;

/**
 * The most payload text that one read loads, in bytes of UTF-8. In memory it may take twice as much, and an isolate
 * has 128 MB for that, for its copies and for all else.
 */
export const PAYLOAD_READ_LIMIT_BYTES = 4 * 1_024 * 1_024;

/** What does not shrink to this share of its size is stored as it is. */
const SHRINKS_TO = 0.7;
/** Higher levels take longer, and make a conversation 3 % smaller. */
const LEVEL = 1;

type Encoding = "deflate" | null;

/** A payload on its way to the row or from it. `payload` is the text itself, or hexadecimal if it is compressed. */
export interface StoredPayload {
  payload: string;
  payload_encoding: Encoding;
}

/** The values of the columns of a payload, of `payload_bytes` bytes as text. `putSql` binds them. */
export function putPayload(text: string, payload_bytes: number): StoredPayload & { payload_bytes: number } {
  const compressed = deflateRawSync(text, { level: LEVEL });
  if (compressed.length > SHRINKS_TO * payload_bytes)
    return { payload: text, payload_encoding: null, payload_bytes };
  return { payload: compressed.toString("hex"), payload_encoding: "deflate", payload_bytes };
}

/** The value of the column `payload`, from the parameters that have it and its encoding. */
export const putSql = (payload: string, encoding: string): string =>
  `iif(${encoding} IS NULL, ${payload}, unhex(${payload}))`;

/** The payload of log `l` as `getPayload` takes it: an expression, beside `payload_encoding`. */
export const PAYLOAD_OF_LOG = "iif(l.payload_encoding IS NULL, l.payload, hex(l.payload))";

/** The payload's text. */
export const getPayload = ({ payload, payload_encoding }: StoredPayload): string =>
  payload_encoding === null ? payload : inflateRawSync(Buffer.from(payload, "hex")).toString();

/** Cuts rows into runs that fit into one read each. Every run has at least one row. */
export function* readRuns<T extends { answer_bytes: number }>(rows: readonly T[]): Generator<T[]> {
  let run: T[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (run.length > 0 && bytes + row.answer_bytes > PAYLOAD_READ_LIMIT_BYTES) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(row);
    bytes += row.answer_bytes;
  }
  if (run.length > 0) yield run;
}
