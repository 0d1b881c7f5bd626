/** How a payload's text is stored in a log's row. Nothing else knows the format. */

/** The largest payload, in bytes of UTF-8 as it is serialised. */
export const PAYLOAD_LIMIT_BYTES = 1_048_576;

/**
 * The most payload text that one read loads, in bytes of UTF-8. In memory it may take twice as much, and an isolate
 * has 128 MB for that, for its copies and for all else.
 */
export const PAYLOAD_READ_LIMIT_BYTES = 4 * 1_024 * 1_024;

/** The columns of a payload. */
export const putPayload = (text: string, bytes: number) => ({ payload: text, payload_bytes: bytes });

/** The payload's text. */
export const getPayload = (row: { payload: string }): string => row.payload;

/** Cuts rows into runs whose payloads fit into one read each. Every run has at least one row. */
export function* payloadRuns<T extends { payload_bytes: number }>(rows: readonly T[]): Generator<T[]> {
  let run: T[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (run.length > 0 && bytes + row.payload_bytes > PAYLOAD_READ_LIMIT_BYTES) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(row);
    bytes += row.payload_bytes;
  }
  if (run.length > 0) yield run;
}
