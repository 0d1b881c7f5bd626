/** Tells a database that is away or overloaded from a faulty statement. Reads the error; never retries. */

/**
 * Errors that pass quickly: a lost connection, or a database that was reset or moved. Overload is not among them,
 * because retrying adds to it.
 */
const PASSING = /Network connection lost|reset|cannot resolve D1 DB due to transient issue/i;

/** Whether a D1 error is worth another try at once. */
export const isPassing = (error: unknown): boolean =>
  isStorageUnavailable(error) && !/overloaded/i.test(textOf(error)) && PASSING.test(textOf(error));

const textOf = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}` : "";

/** SQLite codes for trouble that passes: locked, busy, out of space, read-only, I/O. All others are bugs of ours. */
const PASSING_SQLITE_ERROR = /SQLITE_(BUSY|LOCKED|FULL|READONLY|IOERR|NOMEM|INTERRUPT)/;

/** Whether repeating the request later may get past a D1 error. */
export function isStorageUnavailable(error: unknown): boolean {
  const text = textOf(error);
  if (/SQLITE_[A-Z]+/.test(text)) return PASSING_SQLITE_ERROR.test(text);
  return /\bD1\b|D1_ERROR|Network connection lost|storage caused object to be reset/i.test(text);
}
