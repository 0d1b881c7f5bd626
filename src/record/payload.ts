/** Payload storage: how a payload's text lies in a log's row, and how it is had back. The only two places that know. */

/** A payload's bound, in bytes of UTF-8 as it is serialised. */
export const PAYLOAD_LIMIT_BYTES = 1_048_576;

/** The most payload text that one read brings into memory, in bytes of UTF-8. */
export const PAYLOAD_READ_LIMIT_BYTES = 4 * 1_024 * 1_024;

/** The columns a payload is kept in. */
export const putPayload = (text: string, bytes: number) => ({ payload: text, payload_bytes: bytes });

/** The payload's text, as it was put. */
export const getPayload = (row: { payload: string }): string => row.payload;

/** Cuts rows into runs whose payloads fit one read each, in order; every run has at least one row. */
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
