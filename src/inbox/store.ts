/**
 * One inbox's storage: its org, its configured response, and the newest requests. The number of requests is bounded;
 * the oldest are removed. The caller bounds each request.
 */
import type { ConfiguredResponse } from "../core/inbox.ts";
import type { SignatureVerdict } from "../core/verify.ts";

/** How many requests are kept. */
const REQUEST_LIMIT = 500;

export interface InboxState {
  user_id: string;
  /** The token of the page that shows what it has received. It is kept nowhere else. */
  view_token: string;
  /** In milliseconds since the epoch. */
  expires_at: number;
  respond: ConfiguredResponse;
}

/** A stored request. Ids count from 1. */
export interface StoredRequest {
  id: number;
  received_at: number;
  method: string;
  path: string;
  query: string;
  headers: Record<string, string>;
  body: ArrayBuffer;
  /** The body was longer than what is stored. */
  truncated: boolean;
  signature: SignatureVerdict;
}

/** The newest webhooks that were erased, and the newest request's id at that time. */
interface Erased {
  webhookIds: string[];
  newest: number;
}

/** How many erased webhooks are remembered: an attempt that is under way arrives within seconds. */
const ERASED_LIMIT = 100;

type Row = Omit<StoredRequest, "headers" | "truncated"> & { headers: string; truncated: number };

export interface Store {
  state: () => InboxState | null;
  setState: (state: InboxState) => void;
  insert: (request: Omit<StoredRequest, "id">) => void;
  /** The id of the newest request; 0 where there is none. */
  newest: () => number;
  /** Removes the requests of these webhooks, which from then on are erased. */
  erase: (webhookIds: readonly string[]) => void;
  isErased: (webhookId: string | undefined) => boolean;
  /** Requests before this id, newest first. They are read only as far as the caller takes them. */
  before: (id: number) => Iterable<StoredRequest>;
  /** The first request after this id. */
  after: (id: number) => StoredRequest | null;
}

const COLUMNS = "id, received_at, method, path, query, headers, body, truncated, signature";

export function openStore({ sql, kv }: DurableObjectStorage): Store {
  function* rows(query: string, ...bindings: number[]): Generator<StoredRequest> {
    for (const row of sql.exec<Row & Record<string, SqlStorageValue>>(query, ...bindings))
      yield { ...row, headers: JSON.parse(row.headers), truncated: row.truncated === 1 };
  }
  const readErased = () => kv.get<Erased>("erased") ?? { webhookIds: [], newest: 0 };
  const newest = () =>
    Math.max(
      readErased().newest,
      sql.exec<{ id: number }>("SELECT coalesce(max(id), 0) AS id FROM requests").one().id,
    );
  return {
    state: () => kv.get<InboxState>("state") ?? null,
    setState: (state) => {
      // Only here, so that a mere look at an unknown inbox creates no table.
      sql.exec(
        `CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, method TEXT NOT NULL,
           path TEXT NOT NULL, query TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL,
           truncated INTEGER NOT NULL, signature TEXT NOT NULL)`,
      );
      kv.put("state", state);
    },
    insert: ({ received_at, method, path, query, headers, body, truncated, signature }) => {
      const values = [
        received_at,
        method,
        path,
        query,
        JSON.stringify(headers),
        body,
        Number(truncated),
        signature,
      ];
      const { id } = sql
        .exec<{ id: number }>(
          `INSERT INTO requests (id, received_at, method, path, query, headers, body, truncated, signature)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
          newest() + 1,
          ...values,
        )
        .one();
      sql.exec("DELETE FROM requests WHERE id <= ?", id - REQUEST_LIMIT);
    },
    newest,
    erase: (webhookIds) => {
      // The newest one's id is not given again: a client goes on from the last id that it has seen.
      const erased = { ...readErased(), newest: newest() };
      erased.webhookIds = [...new Set([...erased.webhookIds, ...webhookIds])].slice(-ERASED_LIMIT);
      kv.put("erased", erased);
      sql.exec(
        "DELETE FROM requests WHERE headers ->> 'webhook-id' IN (SELECT value FROM json_each(?))",
        JSON.stringify(webhookIds),
      );
    },
    isErased: (webhookId) => webhookId !== undefined && readErased().webhookIds.includes(webhookId),
    before: (id) => rows(`SELECT ${COLUMNS} FROM requests WHERE id < ? ORDER BY id DESC`, id),
    after: (id) => {
      const [next] = rows(`SELECT ${COLUMNS} FROM requests WHERE id > ? ORDER BY id LIMIT 1`, id);
      return next ?? null;
    },
  };
}
