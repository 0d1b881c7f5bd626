/** `GET /v1/postcall/calls/{call_id}`: a call as it was reported, its citations and the logs of its webhooks. */
import type { Context } from "hono";
import { isCallId } from "../core/call-id.ts";
import { isJsonObject, parseJson } from "../core/json.ts";
import { LOG_EVENTS } from "../core/webhook-log.ts";
import { readLogs, type StoredLog } from "../record/logs.ts";
import { notFound, okText } from "./answer.ts";
import type { HttpEnv } from "./services.ts";
import { renderLog } from "./webhooks/render.ts";

export async function getCall(c: Context<HttpEnv>): Promise<Response> {
  const call_id = c.req.param("call_id") ?? "";
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const read = (event: (typeof LOG_EVENTS)[number]) =>
    readLogs(database, { user_id, event, call_ids: [call_id] });
  const logs = isCallId(call_id) ? (await Promise.all(LOG_EVENTS.map(read))).flat() : [];
  const log = logs.find(({ event }) => event === "call");
  if (log === undefined) return notFound(`There is no call ${JSON.stringify(call_id)}.`);
  const members = {
    call_id: JSON.stringify(call_id),
    user_id: JSON.stringify(user_id),
    created_at: JSON.stringify(new Date(log.created_at).toISOString()),
    payload: log.payload ?? "null",
    ...(log.payload_erased_at !== null && {
      payload_erased_at: JSON.stringify(new Date(log.payload_erased_at).toISOString()),
    }),
    ...citationsOf(logs),
    logs: `[${logs.map((each) => renderLog(each, { mayRead: true, withPayload: false })).join(",")}]`,
  };
  const texts = Object.entries(members).map(([name, text]) => `"${name}":${text}`);
  return okText(`{${texts.join(",")}}`, { status: 200 });
}

/** The citations that are stored for a call, as JSON text: in a log of their own, or in the combined payload. */
function citationsOf(logs: readonly StoredLog[]): Record<string, string> {
  const cited = logs.find(
    ({ event, payload_altered }) => event === "citations" || payload_altered === "combined",
  );
  const parsed = parseJson(cited?.payload ?? "null");
  if (!parsed.ok || !isJsonObject(parsed.json.value)) return { citations: "null" };
  const { exact, write } = parsed.json;
  const { citations = null, corrected_transcript } = exact as Record<string, unknown>;
  return {
    citations: write(citations),
    ...(corrected_transcript !== undefined && { corrected_transcript: write(corrected_transcript) }),
  };
}
