/** Reads the log of each message of a batch, and releases the holds whose time is over. */
import type { Endpoint } from "../core/endpoint.ts";
import { EARLY_TOLERANCE_MS } from "../core/message.ts";
import { withoutQuery } from "../core/target.ts";
import type { AttemptKey, LogState, SendType } from "../core/webhook-log.ts";
import { isPassing } from "./availability.ts";
import { type EndpointKey, readEndpoints } from "./endpoints.ts";
import { isSuspended } from "./orgs.ts";
import {
  getPayload,
  PAYLOAD_LIMIT_BYTES,
  PAYLOAD_OF_LOG,
  PAYLOAD_READ_LIMIT_BYTES,
  type StoredPayload,
} from "./payload.ts";
import { IS_FULL } from "./quota.ts";
import { watchWrite } from "./trial-write.ts";

/**
 * A log as a batch reads it. `payload` is null if the log is held, if the named attempt is not the next one, or if
 * there was no room for it in this read; a later batch has room. `last_sent_at` is the time of the newest entry.
 */
export interface LoadedLog extends LogState {
  send_type: SendType | null;
  losses: number;
  faults: number;
  trials: number | null;
  spared: number | null;
  payload: string | null;
  last_sent_at: number | null;
  /** The org's live signing secrets, encrypted, the newest active one first. */
  encrypted_secrets: string[];
  /** 1 if its org has its content erased once it is delivered. */
  erases: 0 | 1;
  /** 1 if its org stores what it may: then what was sent and answered is not kept. */
  is_full: 0 | 1;
  /** Null if the log's endpoint never failed. */
  endpoint: Endpoint | null;
  /** 1 if the log's org is suspended. */
  is_suspended: 0 | 1;
}

/** A log as the query returns it. */
type Stored = Omit<LoadedLog, "encrypted_secrets" | "erases" | "endpoint" | "is_suspended"> &
  Pick<StoredPayload, "payload_encoding"> & { position: number; is_next: 0 | 1 };

/** What logs of one org share. */
interface StoredOrg {
  user_id: string;
  encrypted_secrets: string;
  /** 1 if any endpoint of the org has ever failed. */
  has_endpoints: 0 | 1;
  /** Whether it has contents erased, and whether it stores what it may, as JSON; null if there is no such org. */
  flags: string | null;
  is_suspended: 0 | 1;
}

interface Wanted {
  keys: readonly AttemptKey[];
  now: number;
}

/** The log `l` of the key in row `j`. */
const LOG_OF_KEY =
  "l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id' AND l.event = j.value ->> 'event'";

/** False while the log is held: a batch has to release it first. */
const IS_NEXT =
  "(l.status <> 'held' AND l.delivery_id = j.value ->> 'delivery_id' AND l.attempts = (j.value ->> 'attempt') - 1)";

/**
 * The log of each attempt, in the same order; undefined if the log is gone. Held logs whose time is over are released,
 * and from then on their content is fixed. Reads one row for each log, one for each secret and endpoint, and a few
 * more.
 */
export async function readBatch(db: D1Database, wanted: Wanted): Promise<(LoadedLog | undefined)[]> {
  const [logs, orgs] = (await db.batch([readStatement(db, wanted), orgsStatement(db, wanted)])) as [
    D1Result<Stored>,
    D1Result<StoredOrg>,
  ];
  const stored = await releaseHeld(db, logs.results, wanted);
  const [endpointOf, large] = await Promise.all([
    readEndpointsOf(db, stored, orgs.results),
    readLarge(db, stored, wanted),
  ]);
  const payloadOf = new Map(large.map(({ position, ...payload }) => [position, payload]));
  const orgOf = new Map(
    orgs.results.map(({ user_id, encrypted_secrets, flags, is_suspended }) => {
      const [erases, is_full] = JSON.parse(flags ?? "[0,0]") as [0 | 1, 0 | 1];
      return [user_id, { encrypted_secrets: newestFirst(encrypted_secrets), erases, is_full, is_suspended }];
    }),
  );
  const loaded: (LoadedLog | undefined)[] = wanted.keys.map(() => undefined);
  for (const { position, is_next: _, payload, payload_encoding, ...log } of stored) {
    const put = payload === null ? payloadOf.get(position) : { payload, payload_encoding };
    loaded[position] = {
      ...log,
      payload: put === undefined ? null : getPayload(put),
      ...(orgOf.get(log.user_id) ?? NO_ORG),
      endpoint: endpointOf.get(endpointKeyText(log)) ?? null,
    };
  }
  return loaded;
}

const NO_ORG: Pick<LoadedLog, "encrypted_secrets" | "erases" | "is_full" | "is_suspended"> = {
  ...{ encrypted_secrets: [], erases: 0, is_full: 0, is_suspended: 0 },
};

/**
 * The same logs, of which those that were held and whose time is over are released and read again. If the record takes
 * no writes they stay held, so that what the batch has made already can be looked up.
 */
async function releaseHeld(
  db: D1Database,
  logs: readonly Stored[],
  { keys, now }: Wanted,
): Promise<readonly Stored[]> {
  const dueBy = now + EARLY_TOLERANCE_MS;
  const held = logs.filter(
    ({ status, next_attempt_at }) =>
      status === "held" && next_attempt_at !== null && next_attempt_at <= dueBy,
  );
  if (held.length === 0) return logs;
  const release = db
    .prepare(
      `UPDATE webhook_logs AS l SET status = 'pending', reason = NULL FROM json_each(?1) AS j
       WHERE ${LOG_OF_KEY} AND l.status = 'held' AND l.next_attempt_at <= ?2`,
    )
    .bind(JSON.stringify(held.map(({ position }) => keys[position])), dueBy);
  try {
    const [, read] = await watchWrite(db, () =>
      db.batch<Stored>([release, readStatement(db, { keys, now })]),
    );
    return read?.results ?? [];
  } catch (error) {
    if (isPassing(error)) throw error;
    console.error("Held logs could not be released; the rest of their batch goes on.", error);
    return logs;
  }
}

/**
 * Each log is looked up once, because a look-up compares whole rows and costs as much as reading them. Payloads up to
 * an even share of the read's limit are read at once, with room left for a large one. A running sum over the rows
 * would bill each row once more.
 */
const readStatement = (db: D1Database, { keys }: Wanted): D1PreparedStatement =>
  db
    .prepare(
      `SELECT j.key AS position, ${IS_NEXT} AS is_next, l.user_id, l.call_id, l.event, l.webhook_id, l.url, l.created_at,
         l.status, l.reason, l.delivery_id, l.delivery_ordinal, l.send_type, l.attempts, l.losses, l.faults,
         l.trials, l.spared, l.next_attempt_at, l.payload_bytes, l.is_test, l.last_sent_at,
         CASE WHEN ${IS_NEXT} AND l.payload_bytes <= ?2 THEN ${PAYLOAD_OF_LOG} END AS payload, l.payload_encoding
       FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l ON ${LOG_OF_KEY}`,
    )
    .bind(JSON.stringify(keys), (PAYLOAD_READ_LIMIT_BYTES - PAYLOAD_LIMIT_BYTES) / keys.length);

const orgsStatement = (db: D1Database, { keys, now }: Wanted): D1PreparedStatement =>
  db
    .prepare(
      `SELECT o.value AS user_id,
         (SELECT json_group_array(json_array(k.activates_at IS NULL OR k.activates_at <= ?2, k.created_at, k.ciphertext))
          FROM signing_secrets AS k
          WHERE k.user_id = o.value AND (k.expires_at IS NULL OR k.expires_at > ?2)) AS encrypted_secrets,
         EXISTS (SELECT 1 FROM endpoints AS e WHERE e.user_id = o.value) AS has_endpoints,
         (SELECT json_array(s.erase_payload_when_delivered, ${IS_FULL}) FROM orgs AS s WHERE s.user_id = o.value) AS flags,
         ${isSuspended("o.value")} AS is_suspended
       FROM json_each(?1) AS o`,
    )
    .bind(JSON.stringify([...new Set(keys.map(({ user_id }) => user_id))]), now);

/** The endpoints of these logs, each read once. Most orgs have none that ever failed, and then nothing is read. */
async function readEndpointsOf(
  db: D1Database,
  logs: readonly Stored[],
  orgs: readonly StoredOrg[],
): Promise<Map<string, Endpoint | null>> {
  const failing = new Set(orgs.flatMap(({ user_id, has_endpoints }) => (has_endpoints ? [user_id] : [])));
  const wanted = new Map<string, EndpointKey>();
  for (const { user_id, url } of logs)
    if (url !== null && failing.has(user_id))
      wanted.set(endpointKeyText({ user_id, url }), { user_id, url: withoutQuery(url) });
  const endpoints = wanted.size === 0 ? [] : await readEndpoints(db, [...wanted.values()]);
  return new Map([...wanted.keys()].map((key, index) => [key, endpoints[index] ?? null]));
}

const endpointKeyText = ({ user_id, url }: Pick<LogState, "user_id" | "url">): string =>
  `${user_id} ${withoutQuery(url)}`;

/**
 * The payloads above their share, in the order of the messages, as far as there is room. There is always room for the
 * first.
 */
async function readLarge(db: D1Database, stored: readonly Stored[], { keys }: Wanted) {
  const sizeOf = (logs: readonly Stored[]) => logs.reduce((sum, log) => sum + log.payload_bytes, 0);
  let room = PAYLOAD_READ_LIMIT_BYTES - sizeOf(stored.filter(({ payload }) => payload !== null));
  const large = stored.filter(({ is_next, payload }) => is_next === 1 && payload === null);
  const fitting = large.filter(({ payload_bytes }) => {
    room -= payload_bytes;
    return room >= 0;
  });
  if (fitting.length === 0) return [];
  const { results } = await db
    .prepare(
      `SELECT j.value ->> 'position' AS position, l.payload_encoding, ${PAYLOAD_OF_LOG} AS payload
       FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l ON ${LOG_OF_KEY} WHERE ${IS_NEXT}`,
    )
    .bind(JSON.stringify(fitting.map(({ position }) => ({ ...keys[position], position }))))
    .all<StoredPayload & { position: number }>();
  return results;
}

/** Sorted here, because in the query each row that passes a sorter is billed as one more read. */
const newestFirst = (secrets: string): string[] =>
  (JSON.parse(secrets) as [isActive: 0 | 1, created_at: number, ciphertext: string][])
    .sort((a, b) => b[0] - a[0] || b[1] - a[1])
    .map(([, , ciphertext]) => ciphertext);
