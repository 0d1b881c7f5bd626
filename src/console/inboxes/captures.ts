/**
 * What an inbox has received, as a page keeps it: newest first, bounded, and in step with the inbox, which forgets its
 * oldest requests and those that are erased. Pure.
 */
import type { CapturedRequest } from "../answers.ts";
import { dayAndTime, timeOfDay } from "../format.ts";
import type { Kind } from "../log-state.ts";

/** An inbox keeps no more either. */
export const ROWS_LIMIT = 500;

export interface Captures {
  rows: readonly CapturedRequest[];
  /** The cursor of the page after the last row; null if there is none. */
  next: string | null;
}

export const numberOf = ({ id }: Pick<CapturedRequest, "id">): number => Number(id);

/**
 * The first page in place of what is known of its range: what is missing in it was erased. Older rows stay if the page
 * reaches them; otherwise requests between them were missed, and the list begins anew.
 */
export function withPageOne(known: Captures | null, page: Captures): Captures {
  const last = page.rows.at(-1);
  const newest = known?.rows[0];
  if (known === null || newest === undefined || last === undefined) return page;
  const before = new Map(known.rows.map((row) => [row.id, row]));
  const rows = page.rows.map((row) => before.get(row.id) ?? row);
  if (page.next === null || numberOf(newest) < numberOf(last)) return { rows, next: page.next };
  const older = known.rows.filter((row) => numberOf(row) < numberOf(last));
  return {
    rows: [...rows, ...older].slice(0, ROWS_LIMIT),
    next: older.length === 0 ? page.next : known.next,
  };
}

export function withOlder(known: Captures, page: Captures): Captures {
  const last = known.rows.at(-1);
  const older = page.rows.filter((row) => last === undefined || numberOf(row) < numberOf(last));
  return { rows: [...known.rows, ...older].slice(0, ROWS_LIMIT), next: page.next };
}

/** A request that a stream has brought, perhaps again, and perhaps after a newer one. */
export function withArrived(known: Captures, arrived: CapturedRequest): Captures {
  if (known.rows.some(({ id }) => id === arrived.id)) return known;
  const rows = [...known.rows, arrived].sort((a, b) => numberOf(b) - numberOf(a));
  return { rows: rows.slice(0, ROWS_LIMIT), next: known.next };
}

export const SIGNATURES: Record<CapturedRequest["signature"], { kind: Kind; word: string; told: string }> = {
  valid: {
    kind: "ok",
    word: "Signed",
    told: "The signature is valid: one of this org's live secrets made it.",
  },
  invalid: {
    kind: "bad",
    word: "Wrong signature",
    told: "The signature is invalid: no live secret of this org made it, or the request was changed or is old.",
  },
  absent: {
    kind: "none",
    word: "Not signed",
    told: "There is no signature: something else than Postcall sent it.",
  },
};

/** The path below the inbox's own. */
export const pathBelow = (path: string): string => path.replace(/^\/inbox\/[0-9a-f]{64}(?=\/|$)/, "") || "/";

const CALL_ID = /"call_id"\s*:\s*"([\w.:-]{1,128})"/;
/** How far into a body its call is looked for, in characters. */
const LOOKED_AT = 4_000;

/** The call that a webhook's body is about; null if it doesn't say so near its beginning. */
export const callIdIn = ({ body, body_encoding }: Body): string | null =>
  body_encoding === "utf-8" ? (CALL_ID.exec(body.slice(0, LOOKED_AT))?.[1] ?? null) : null;

/** The time of day for a request of today ("2026-11-26"), else with its day. */
export const shortTime = (at: string, today: string): string => {
  const full = dayAndTime(at);
  return full.startsWith(today) ? timeOfDay(at) : full;
};

type Body = Pick<CapturedRequest, "body" | "body_encoding">;

const lengths = new WeakMap<Body, number>();

/** The bytes of a body as it was captured. They are counted once. */
export function bodyBytes(request: Body): number {
  const known = lengths.get(request);
  if (known !== undefined) return known;
  const { body, body_encoding } = request;
  const padding = body.endsWith("==") ? 2 : body.endsWith("=") ? 1 : 0;
  const counted =
    body_encoding === "base64" ? (body.length / 4) * 3 - padding : new TextEncoder().encode(body).length;
  lengths.set(request, counted);
  return counted;
}

/** A query's names and values, decoded. */
export const queryRows = (query: string): [string, string][] => [...new URLSearchParams(query)];
