/** Asks for what an inbox has received: by its id with a key, or by the address of its page without one. */
import type { CapturedRequest } from "../answers.ts";
import { type Answer, type ApiError, ask, untold } from "../api.ts";
import type { Captures } from "./captures.ts";

/** Requests on a page: each may be 256 KB. */
const PAGE = 50;
const HEADERS = { accept: "application/json" };

interface Asked {
  cursor?: string | null;
  signal?: AbortSignal;
}

export const askPage = (path: string, { cursor = null, signal }: Asked = {}) =>
  askFor(path, PAGE, cursor, signal);

async function askFor(
  path: string,
  limit: number,
  cursor: string | null,
  signal: AbortSignal | undefined,
): Promise<Answer<Captures>> {
  const query = { limit, cursor };
  const answer = await ask<CapturedRequest[]>("GET", path, {
    query,
    headers: HEADERS,
    ...(signal && { signal }),
  });
  return answer.ok ? { ...answer, data: { rows: answer.data, next: answer.next_cursor } } : answer;
}

/** Where it is gone, the page says so. */
export const refusedBy = (answer: Answer<Captures> | null): readonly ApiError[] =>
  answer?.status === 404 ? [] : untold(answer);

/** The first page if it differs from what is known, else null. Mostly that costs one request for one row. */
export async function askIfChanged(
  path: string,
  { known, signal }: { known: Captures | null; signal: AbortSignal },
): Promise<Answer<Captures> | null> {
  if (known !== null) {
    const newest = await askFor(path, 1, null, signal);
    if (!newest.ok) return newest;
    if (newest.data.rows[0]?.id === known.rows[0]?.id) return null;
  }
  return askPage(path, { signal });
}
