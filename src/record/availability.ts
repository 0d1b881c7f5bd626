/** Tells a database that is away or overloaded from a statement that is wrong. Reads the error; never retries. */

/** SQLite's own codes for trouble that passes: locked, busy, out of space, I/O. All others are bugs of ours. */
const PASSING_SQLITE_ERROR = /SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|INTERRUPT)/;

/** True for an error of D1's that repeating the request later may get past. */
export function isStorageUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const text = `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}`;
  if (/SQLITE_[A-Z]+/.test(text)) return PASSING_SQLITE_ERROR.test(text);
  return /\bD1\b|D1_ERROR|Network connection lost|storage caused object to be reset/i.test(text);
}
