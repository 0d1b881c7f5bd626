/** What a request may change, as it is in the record at one moment. Changes nothing. */
import { env } from "cloudflare:workers";
import type { LogKey, LogStatus } from "../../../src/core/webhook-log.ts";
import type { CallName } from "./program.ts";
import { logText, type World } from "./world.ts";

interface SeenLog extends LogKey {
  call: CallName;
  status: LogStatus;
  delivery_ordinal: number;
  next_attempt_at: number | null;
  parked: number | null;
  payload_erased_at: number | null;
}

export interface Seen {
  /** The program's logs, with every column. */
  logs: SeenLog[];
  /** The org and its endpoints, as JSON. */
  rest: string;
  /** How many messages were sent until then. */
  messages: number;
}

export async function look(world: World): Promise<Seen> {
  const { user_id } = world.org;
  const nameOf = ({ call_id }: LogKey) => call_id.slice(world.prefix.length + 1) as CallName;
  const [logs, ...rest] = await env.DB.batch(
    [
      `SELECT * FROM webhook_logs WHERE user_id = ?1 AND substr(call_id, 1, length(?2)) = ?2`,
      "SELECT * FROM endpoints WHERE user_id = ?1 AND ?2 = ?2",
      "SELECT * FROM orgs WHERE user_id = ?1 AND ?2 = ?2",
    ].map((text) => env.DB.prepare(text).bind(user_id, `${world.prefix}-`)),
  );
  return {
    logs: ((logs?.results ?? []) as Omit<SeenLog, "call">[]).map((log) => ({ ...log, call: nameOf(log) })),
    rest: JSON.stringify(rest.map(({ results }) => results)),
    messages: world.bill.messages,
  };
}

/** Notes each log that is due although its payload was erased. */
export async function noteDueWithoutPayload(world: World): Promise<void> {
  if (!world.asked.some(({ kind }) => kind === "erase_delivered")) return;
  const { results } = await env.DB.prepare(
    `SELECT call_id, event FROM webhook_logs WHERE user_id = ? AND payload_erased_at IS NOT NULL
       AND (next_attempt_at IS NOT NULL OR parked IS NOT NULL)`,
  )
    .bind(world.org.user_id)
    .all<LogKey>();
  world.dueWithoutPayload.push(...results.map(logText));
}
