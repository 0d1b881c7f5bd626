/**
 * `DELETE /v1/postcall/calls/{call_id}` erases a call with all that was kept of it. An attempt that is under way may
 * still arrive; none begins after the answer. Cut off anywhere, the request can be repeated until it is answered.
 */
import type { Context } from "hono";
import { isCallId } from "../core/call-id.ts";
import { inboxIdOf } from "../core/inbox.ts";
import { eraseCall, readErasedAt, readSent, type SentLog, TOMBSTONE_MS } from "../record/erasure.ts";
import { type ApiError, notFound, ok } from "./answer.ts";
import type { HttpEnv } from "./services.ts";

export async function deleteCall(c: Context<HttpEnv>): Promise<Response> {
  const call = { user_id: c.get("apiKey").user_id, call_id: c.req.param("call_id") ?? "" };
  const database = c.env.databaseOf(call.user_id);
  const sent = isCallId(call.call_id) ? await readSent(database, call) : [];
  if (sent.length === 0 && !(isCallId(call.call_id) && (await readErasedAt(database, call)) !== null))
    return notFound(`There is no call ${JSON.stringify(call.call_id)}.`);
  // The inboxes first: once the logs are gone, nobody knows what they have received of the call.
  await eraseCaptures(c, sent);
  const { value: erased } = await c.env.writeWithRetry(() =>
    eraseCall(database, { ...call, now: c.env.now() }),
  );
  await c.env.closeCall(call);
  const later = erased.filter(({ webhook_id }) => !sent.some((log) => log.webhook_id === webhook_id));
  await eraseCaptures(c, later);
  return ok({ call_id: call.call_id, deleted: true });
}

/** Has the inboxes that these logs were sent to erase what they received, and take no more of it. */
async function eraseCaptures(c: Context<HttpEnv>, logs: readonly SentLog[]): Promise<void> {
  const { publicUrl } = c.env.config();
  await Promise.all(
    logs.map(({ url, webhook_id }) => {
      const id = url === null ? null : inboxIdOf(publicUrl, url);
      return id === null ? null : c.env.inboxes.find(id)?.erase([webhook_id]);
    }),
  );
}

/** Why nothing can be reported of a call that was erased; null if it was not. */
export async function refuseErased(
  c: Context<HttpEnv>,
  call: { user_id: string; call_id: string },
): Promise<Omit<ApiError, "field"> | null> {
  const erasedAt = await readErasedAt(c.env.databaseOf(call.user_id), call);
  if (erasedAt === null) return null;
  const [at, until] = [erasedAt, erasedAt + TOMBSTONE_MS].map((time) => new Date(time).toISOString());
  const message = `The call ${JSON.stringify(call.call_id)} was erased at ${at}. Its id can't be used again before ${until}.`;
  return { error: "CONFLICT", message };
}
