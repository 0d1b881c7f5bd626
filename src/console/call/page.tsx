/** One call: how its webhook stands, each attempt with what was sent and answered, and what the call said. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { announce, copy, tell } from "../announce.ts";
import type { AnyLog } from "../answers.ts";
import { ask, messageOf } from "../api.ts";
import { visible } from "../format.ts";
import { stateOf } from "../log-state.ts";
import { Empty } from "../parts/form.tsx";
import { addressOf, query, setQuery } from "../router.ts";
import { can } from "../session.ts";
import { useShortcuts } from "../shortcuts.ts";
import { doneWords, sendActionOf } from "./actions.ts";
import { AttemptCard } from "./attempt.tsx";
import { useAttempts, useBody, useEndpoint } from "./attempt-data.ts";
import { keyOf, merged } from "./attempt-list.ts";
import { curlOf } from "./curl.ts";
import { type LoadedCall, useCall, type Watch } from "./data.ts";
import { EraseDialog, SendToDialog } from "./dialogs.tsx";
import { CallHead, Crumbs } from "./head.tsx";
import { CallTabs } from "./tabs.tsx";
import { Timeline } from "./timeline.tsx";

export function CallPage() {
  const id = query.value.get("id") ?? "";
  return id === "" ? <Unnamed /> : <Named id={id} />;
}

const Unnamed = () => (
  <Empty title="The address names no call">
    <p>
      <a href={addressOf("calls", { find: "1" })}>Search for a call</a>
    </p>
  </Empty>
);

function Named({ id }: { id: string }) {
  const { state, watch, hurry } = useCall(id);
  useEffect(() => {
    document.title = `${id} · Postcall`;
    return () => {
      document.title = "Postcall";
    };
  }, [id]);
  if (state.kind === "ready")
    return <Loaded loaded={state.loaded} logs={state.logs} watch={watch} onAsked={hurry} />;
  return (
    <>
      <Crumbs id={id} />
      {state.kind !== "loading" && <h1 class="mono">{visible(id)}</h1>}
      {state.kind === "gone" && <Gone id={id} />}
      {state.kind === "failed" && (
        <Empty title="The call could not be loaded">
          <p>{state.message} It is asked for again by itself.</p>
        </Empty>
      )}
    </>
  );
}

const Gone = ({ id }: { id: string }) => (
  <Empty title="There is no such call">
    <p>
      Either no call <code>{visible(id)}</code> was ever reported to this org, or it was and is gone: past its
      retention, or erased. What was erased can't be brought back.
    </p>
    <p>
      <a href={addressOf("calls", { find: "1" })}>Search for another call</a>
    </p>
  </Empty>
);

interface LoadedProps {
  loaded: LoadedCall;
  logs: readonly AnyLog[];
  watch: Watch;
  onAsked: () => void;
}

function Loaded({ logs, ...props }: LoadedProps) {
  const log = logs.find(({ event }) => event === query.value.get("event")) ?? logs[0];
  return log === undefined ? null : <Log key={log.event} listed={log} logs={logs} {...props} />;
}

function Log({ listed, logs, loaded, watch, onAsked }: LoadedProps & { listed: AnyLog }) {
  const [asked, setAsked] = useState<"erase" | "send_to" | null>(null);
  const found = useAttempts(listed);
  const body = useBody(listed, loaded);
  const endpoint = useEndpoint(listed);
  const attempts = useMemo(() => merged(found, listed.metadata), [found, listed]);
  const log = { ...listed, metadata: attempts };
  const { call_id, event } = log;
  const wanted = query.value.get("attempt");
  const chosen = attempts.find((attempt) => keyOf(attempt) === wanted) ?? attempts.at(-1);
  const isErased = log.payload_erased_at !== undefined;
  const action = sendActionOf(log, endpoint?.state ?? null);
  const { word } = stateOf(log);
  const told = useRef(word);
  useEffect(() => {
    if (told.current !== word) announce(word);
    told.current = word;
  }, [word]);

  const choose = (place: number) => {
    const attempt = attempts[place];
    if (attempt === undefined) return;
    setQuery({ attempt: keyOf(attempt) }, { replace: true });
    requestAnimationFrame(() =>
      document.querySelector(".timeline [aria-current=true]")?.scrollIntoView({ block: "nearest" }),
    );
  };
  const isSending = useRef(false); // a key that is held down asks once
  const send = async () => {
    if (!can("send") || action.kind === "none" || isSending.current) return;
    if (action.kind === "create") return setAsked("send_to");
    isSending.current = true;
    const answer =
      action.kind === "release"
        ? await ask("POST", `/v1/postcall/calls/${encodeURIComponent(call_id)}/release`, { json: {} })
        : await ask("POST", "/v1/postcall/webhooks/resend", {
            json: { call_ids: [call_id], event },
            headers: { prefer: "respond-async" },
          });
    isSending.current = false;
    if (!answer.ok) return tell(messageOf(answer), "bad");
    tell(doneWords(log));
    setQuery({ attempt: null }, { replace: true });
    onAsked();
  };
  const at = chosen === undefined ? -1 : attempts.indexOf(chosen);
  useShortcuts({ r: () => void send(), j: () => choose(at - 1), k: () => choose(at + 1) });

  const request = chosen?.request ?? null;
  const whyNoCurl = whyNot({
    isErased,
    hasAttempt: chosen !== undefined,
    hasRequest: isSent(request) && body != null,
  });
  const onCurl = () => {
    if (request === null || body == null) return;
    void copy(curlOf({ url: request.url ?? log.url ?? "", headers: request.headers }, body), "The command");
  };

  return (
    <>
      <CallHead
        {...{ call: loaded.call, log, logs, action, watch, whyNoCurl, onCurl }}
        nextProbeAt={endpoint?.next_probe_at ?? null}
        onSend={send}
        onErase={() => setAsked("erase")}
      />
      <div class={`call-columns ${chosen === undefined ? "is-single" : found === null ? "is-loading" : ""}`}>
        <Timeline
          {...{ log, attempts, endpoint, chosen }}
          onChoose={(attempt) => setQuery({ attempt: keyOf(attempt) }, { replace: true })}
        />
        {chosen !== undefined && (
          <AttemptCard attempt={chosen} isErased={isErased} isLoading={found === null} />
        )}
      </div>
      <CallTabs {...{ loaded, log, body, chosen }} />
      {asked === "erase" && <EraseDialog call_id={call_id} onClose={() => setAsked(null)} />}
      {asked === "send_to" && (
        <SendToDialog call_id={call_id} event={event} onClose={() => setAsked(null)} onSent={onAsked} />
      )}
    </>
  );
}

const isSent = (request: { headers: Readonly<Record<string, string>> } | null): boolean =>
  request !== null && Object.keys(request.headers).length > 0;

function whyNot(given: { isErased: boolean; hasAttempt: boolean; hasRequest: boolean }): string | null {
  if (given.isErased) return "Its payload was erased.";
  if (!given.hasAttempt) return "No attempt was made yet.";
  return given.hasRequest ? null : "What this attempt sent is not there.";
}
