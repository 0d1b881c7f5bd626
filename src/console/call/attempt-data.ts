/** The attempts of the log that is shown, what it sends, and its endpoint: asked for when the log has changed. */
import { useRef, useState } from "preact/hooks";
import type { AnyLog, AttemptWithDetails, Endpoint } from "../answers.ts";
import { ask } from "../api.ts";
import { endpointOf } from "../format.ts";
import { textOfMember } from "../json-text.ts";
import { useLive } from "../live.ts";
import type { LoadedCall } from "./data.ts";

interface Page {
  cursor: string | null;
  attempts: AttemptWithDetails[];
}

const PAGE = 200;

const NONE: AttemptWithDetails[] = [];

/** Oldest first; null until they are there. */
export function useAttempts(log: AnyLog): AttemptWithDetails[] | null {
  const [found, setFound] = useState<{
    event: string;
    history: string;
    attempts: AttemptWithDetails[];
  } | null>(null);
  const pages = useRef<{ event: string; list: Page[] }>({ event: "", list: [] });
  const history = historyOf(log);
  const load = async (signal: AbortSignal) => {
    if (pages.current.event !== log.event)
      pages.current = { event: log.event, list: [{ cursor: null, attempts: [] }] };
    const attempts = await loadAttempts(log, pages.current.list, signal);
    if (attempts !== null && !signal.aborted) setFound({ event: log.event, history, attempts });
  };
  useLive(load, { key: history, isOn: log.url !== null && found?.history !== history });
  if (log.url === null) return NONE; // it has no webhook yet
  return found?.event === log.event ? found.attempts : null;
}

/** What a new attempt shows in. */
const historyOf = ({ event, status, metadata }: AnyLog): string => {
  const last = metadata.at(-1);
  return [event, status, last?.delivery_id, last?.attempt, last?.sent_at].join();
};

const pathOf = ({ call_id }: AnyLog): string => `/v1/postcall/webhooks/${encodeURIComponent(call_id)}`;

/** Those of the pages that are full already, and what has come since; null if there was no answer. */
async function loadAttempts(
  log: AnyLog,
  pages: Page[],
  signal: AbortSignal,
): Promise<AttemptWithDetails[] | null> {
  for (let page = pages.at(-1); page !== undefined; page = pages.at(-1)) {
    const query = { event: log.event, limit: PAGE, cursor: page.cursor };
    const answer = await ask<AttemptWithDetails[]>("GET", `${pathOf(log)}/attempts`, { query, signal });
    if (!answer.ok) return answer.status === 404 ? [] : null;
    page.attempts = answer.data;
    if (answer.next_cursor === null) break;
    pages.push({ cursor: answer.next_cursor, attempts: [] });
  }
  return pages.flatMap(({ attempts }) => attempts);
}

/** What the log sends; null once erased; undefined until it is there. That of a separate event is loaded once. */
export function useBody(log: AnyLog, loaded: LoadedCall): string | null | undefined {
  const [found, setFound] = useState<{ body: string | null } | null>(null);
  const isOwn = log.event === "call";
  const load = async (signal: AbortSignal) => {
    const answer = await ask("GET", pathOf(log), { query: { event: log.event }, signal });
    if (!signal.aborted && (answer.ok || answer.status === 404))
      setFound({ body: answer.ok ? textOfMember(answer.text, ["data", "payload"]) : null });
  };
  useLive(load, { key: log.event, isOn: !isOwn && found === null });
  if (isOwn) return loaded.payload;
  return log.payload_erased_at === undefined ? found?.body : null;
}

/** Its endpoint as it was when the log last changed its state; null until it is known, and where there is none. */
export function useEndpoint({ url, status, reason }: AnyLog): Endpoint | null {
  const [found, setFound] = useState<{ key: string; endpoint: Endpoint | null }>({ key: "", endpoint: null });
  const key = [url, status, reason].join();
  const load = async (signal: AbortSignal) => {
    const answer = await ask<Endpoint>("GET", "/v1/endpoints", {
      query: { url: url && endpointOf(url) },
      signal,
    });
    if (!signal.aborted && (answer.ok || (answer.status >= 400 && answer.status < 429)))
      setFound({ key, endpoint: answer.ok ? answer.data : null });
  };
  useLive(load, { key, isOn: url !== null && found.key !== key });
  return found.endpoint;
}
