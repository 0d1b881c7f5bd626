/**
 * The floor: the least code that takes the service's platform steps: an insert, a queue send,
 * one read a batch, one attempt in a Durable Object, one write a batch. It checks no key, validates, signs and
 * classifies nothing, and retries nothing. Its tables are in `floor-schema.ts`.
 */
import { DurableObject } from "cloudflare:workers";

export { Inbox } from "../../src/inbox/object.ts"; // bound, and never called here

interface Message {
  user_id: string;
  call_id: string;
}

interface Row extends Message {
  url: string;
  payload: string;
}

export class Call extends DurableObject<Env> {
  async attempt(url: string, body: string): Promise<{ status: number; ms: number }> {
    const started = Date.now();
    const response = await fetch(url, { method: "POST", body });
    await response.arrayBuffer();
    return { status: response.status, ms: Date.now() - started };
  }
}

const INSERT = `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, status, delivery_id, attempts,
  next_attempt_at, payload) VALUES ('org_local', ?1, 'call', 'msg', ?2, ?3, 'pending', 'dlv', 0, ?3, ?4)`;

const READ = `SELECT l.user_id, l.call_id, l.url, l.payload FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l
  ON l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id' AND l.event = 'call'`;

const UPDATE = `UPDATE webhook_logs AS l SET status = 'delivered', attempts = 1, next_attempt_at = NULL
  FROM json_each(?1) AS j
  WHERE l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id' AND l.event = 'call'`;

const ATTEMPTS = `INSERT INTO attempts (user_id, call_id, event, delivery_id, attempt, send_type, sent_at, response_code,
  response_ms, request_headers, response_headers, response_body)
  SELECT value ->> 'user_id', value ->> 'call_id', 'call', 'dlv', 1, 'spawn', 1, value ->> 'status', value ->> 'ms',
  '{}', '{}', '' FROM json_each(?1) WHERE true`;

export default {
  async fetch(request, env, ctx) {
    if (request.method === "GET") return new Response("ok");
    const { payload, webhook } = await request.json<{ payload: { call_id: string }; webhook: string }>();
    const text = JSON.stringify(payload);
    await env.DB.prepare(INSERT).bind(payload.call_id, webhook, Date.now(), text).run();
    ctx.waitUntil(env.DELIVERIES.send({ user_id: "org_local", call_id: payload.call_id }));
    return new Response("{}", { status: 202 });
  },

  async queue(batch: MessageBatch<Message>, env) {
    const keys = JSON.stringify(batch.messages.map(({ body }) => body));
    const { results } = await env.DB.prepare(READ).bind(keys).all<Row>();
    const made = await Promise.all(
      results.map(async ({ user_id, call_id, url, payload }) => {
        const { status, ms } = await (env.CALLS.getByName(call_id) as unknown as Call).attempt(url, payload);
        return { user_id, call_id, status, ms };
      }),
    );
    const rows = JSON.stringify(made);
    await env.DB.batch([env.DB.prepare(UPDATE).bind(rows), env.DB.prepare(ATTEMPTS).bind(rows)]);
    batch.ackAll();
  },

  /** No sweep: what the floor loses stays lost, and the benchmark fails. */
  scheduled() {},
} satisfies ExportedHandler<Env, Message>;
