/** Words for tests of lists: logs that are in the record at once, and pages of them. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { request } from "./handlers.ts";
import { meter } from "./meter.ts";
import { call, type Org } from "./words.ts";

/** A log's columns, as far as a test sets them. */
interface Row {
  call_id: string;
  event?: "call" | "citations" | "operational";
  created_at?: number;
  status?: string;
  reason?: string | null;
  url?: string | null;
  attempts?: number;
  parked?: number | null;
  next_attempt_at?: number | null;
  is_test?: 1 | null;
  to_number?: string | null;
  from_number?: string | null;
  metadata?: object[];
}

export const START = Date.UTC(2026, 10, 20);

/** Writes logs as they are given; those without a time are a second apart. */
export async function insertLogs(org: Pick<Org, "user_id">, rows: readonly Row[]): Promise<void> {
  const full = rows.map((row, index) => ({
    ...{ event: "call", created_at: START + index * 1_000, status: "delivered", reason: null, attempts: 1 },
    ...{ url: "https://crm.example/hook", parked: null, next_attempt_at: null, is_test: null },
    ...{ to_number: null, from_number: null, metadata: [], ...row },
  }));
  await env.DB.prepare(
    `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, report_digest, payload, payload_bytes, delivery_id,
       delivery_ordinal, send_type, losses, created_at, status, reason, attempts, url, parked, next_attempt_at, is_test,
       to_number, from_number, metadata)
     SELECT ?1, value ->> 'call_id', value ->> 'event', 'msg', '', '{}', 2, 'dlv', 1, 'spawn', 0, value ->> 'created_at',
       value ->> 'status', value ->> 'reason', value ->> 'attempts', value ->> 'url', value ->> 'parked',
       value ->> 'next_attempt_at', value ->> 'is_test', value ->> 'to_number', value ->> 'from_number', value ->> 'metadata'
     FROM json_each(?2)`,
  )
    .bind(org.user_id, JSON.stringify(full))
    .run();
}

/** Writes an org's endpoint in this state. */
export const insertEndpoint = (org: Pick<Org, "user_id">, url: string, state: string) =>
  env.DB.prepare(
    "INSERT INTO endpoints (user_id, url, state, version, consecutive_failures) VALUES (?, ?, ?, 'v', 5)",
  )
    .bind(org.user_id, url, state)
    .run();

type Query = Record<string, string | number | undefined>;

const searchOf = (query: Query): string =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  ).toString();

export const list = (org: Pick<Org, "key">, query: Query = {}) =>
  call(org, "GET", `/v1/postcall/webhooks?${searchOf(query)}`);

/** The first log in a list, whole. */
export const firstListed = async (org: Pick<Org, "key">, query: Query = {}) =>
  (await list(org, query)).body.data[0];

export const stats = (org: Pick<Org, "key">, query: Query = {}) =>
  call(org, "GET", `/v1/postcall/stats?${searchOf(query)}`);

/** One request, and the rows it read: in all, and those of the statement that read the most. */
export async function askMetered(org: Org, path: string, query: Record<string, string>) {
  let rows = 0;
  let longest = 0;
  const DB = meter(env.DB, ({ rows_read }) => {
    rows += rows_read;
    longest = Math.max(longest, rows_read);
  });
  const started = performance.now();
  const { status, body } = await request({ ...env, DB }, org, { path: `${path}?${searchOf(query)}` });
  expect(status, JSON.stringify(body)).toBe(200);
  const ms = Math.round(performance.now() - started);
  return { rows, longest, ms, body };
}

/** What a list answers, as call ids. */
export const idsIn = ({ body }: { body: { data: { call_id: string }[] } }): string[] =>
  body.data.map(({ call_id }) => call_id);

/** All pages of a list, one after another. */
export async function pagesOf(org: Pick<Org, "key">, query: Query): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list(org, { ...query, cursor });
    pages.push(idsIn(page));
    cursor = page.body.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}
