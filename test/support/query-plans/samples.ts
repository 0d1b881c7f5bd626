/** What the calls of the record are made with, whatever they are about. */
import type { AttemptKey } from "../../../src/core/webhook-log.ts";

/** Calls by the name of the record's function; each makes that function prepare all of its statements. */
export type Calls = Record<string, (db: D1Database) => Promise<unknown>>;

export const NOW = 1_800_000_000_000;
export const KEY: AttemptKey = {
  user_id: "org",
  call_id: "call",
  event: "call",
  delivery_id: "dlv",
  attempt: 1,
};
export const ENDPOINT = { user_id: "org", url: "https://crm.example/" };
