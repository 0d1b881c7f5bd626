/** The head of a call's page: what it is, how it stands in a sentence, and what can be done. */
import type { ComponentChildren } from "preact";
import type { AnyLog, Call } from "../answers.ts";
import { now } from "../clock.ts";
import { endpointOf, phone, visible } from "../format.ts";
import { sentenceOf } from "../log-state.ts";
import { Button, Copied, Errors } from "../parts/form.tsx";
import { Liveness } from "../parts/liveness.tsx";
import { Popover } from "../parts/popover.tsx";
import { LogStatus, Sentence } from "../parts/status.tsx";
import { Ago } from "../parts/time.tsx";
import { addressOf } from "../router.ts";
import { can } from "../session.ts";
import type { SendAction } from "./actions.ts";
import type { Watch } from "./data.ts";

export const Crumbs = ({ id, children }: { id: string; children?: ComponentChildren }) => (
  <div class="bar small dim">
    <nav class="crumbs" aria-label="Where you are">
      <a href={addressOf("calls")}>Calls</a> / <span class="mono">{visible(id)}</span>
    </nav>
    <span class="grow" />
    {children}
  </div>
);

interface Props {
  call: Call;
  log: AnyLog;
  logs: readonly AnyLog[];
  action: SendAction;
  watch: Watch;
  nextProbeAt: string | null;
  /** Why the request can't be copied; null if it can. */
  whyNoCurl: string | null;
  onCurl: () => void;
  onSend: () => unknown;
  onErase: () => void;
}

export function CallHead({ call, log, logs, action, watch, nextProbeAt, ...props }: Props) {
  const { whyNoCurl, onCurl, onSend, onErase } = props;
  return (
    <>
      <Crumbs id={log.call_id}>{watch.isOn && <Liveness staleSince={watch.trouble?.since ?? null} />}</Crumbs>
      <Errors errors={watch.trouble?.errors ?? []} />
      <div class="bar call-head">
        <h1>
          <Copied text={log.call_id} what="The call's id" />
        </h1>
        <LogStatus log={log} />
        {log.is_test && <span class="badge">Test</span>}
        <span class="grow" />
        <div class="bar">
          <Button
            disabled={whyNoCurl !== null}
            {...(whyNoCurl !== null && { title: whyNoCurl })}
            onClick={onCurl}
          >
            Copy as cURL
          </Button>
          {can("send") && (
            <Button kind="primary" disabled={action.kind === "none"} onClick={onSend}>
              {action.word} {action.kind !== "none" && <kbd>r</kbd>}
            </Button>
          )}
          <Popover label="More about this call" button="More ▾" buttonClass="button">
            {(close) => (
              <div class="menu">
                <a href={addressOf("calls", { status: "failed", since: log.created_at })}>
                  See all failed since this one
                </a>
                {log.url !== null && (
                  <a href={addressOf("endpoints", { q: endpointOf(log.url) })}>See its endpoint</a>
                )}
                {can("configure") && (
                  <button
                    type="button"
                    class="is-bad"
                    onClick={() => {
                      close();
                      onErase();
                    }}
                  >
                    Erase call …
                  </button>
                )}
              </div>
            )}
          </Popover>
        </div>
      </div>
      <p class="sentence">
        <Sentence parts={sentenceOf(log, now.value, nextProbeAt)} />
      </p>
      <Facts call={call} log={log} />
      {logs.length > 1 && <LogLinks log={log} logs={logs} />}
      <Notes log={log} action={action} />
    </>
  );
}

/** A member of the payload, if it is a short text. */
function shortText(payload: Call["payload"], name: string): string | null {
  const value = payload?.[name];
  return typeof value === "string" && value.length > 0 && value.length <= 64 ? visible(value) : null;
}

/** Of a URL; it may have 2,048. */
const SHOWN_CHARACTERS = 200;

function Facts({ call: { payload, created_at }, log }: { call: Call; log: AnyLog }) {
  const [from, to] = ["from", "to"].map((name) => shortText(payload, name));
  return (
    <p class="facts">
      <span>
        Reported <Ago at={created_at} />
      </span>
      {from != null && to != null && (
        <span>
          {phone(from)} → {phone(to)}
          {typeof payload?.inbound === "boolean" && (payload.inbound ? ", inbound" : ", outbound")}
        </span>
      )}
      {log.url !== null && (
        <span>
          to{" "}
          <Copied text={log.url} what="The URL">
            {log.url.length > SHOWN_CHARACTERS ? `${log.url.slice(0, SHOWN_CHARACTERS)}…` : log.url}
          </Copied>
        </span>
      )}
    </p>
  );
}

const LOG_NAMES: Record<AnyLog["event"], string> = { call: "The call", citations: "Its citations" };

const LogLinks = ({ log, logs }: Pick<Props, "log" | "logs">) => (
  <nav class="bar log-links" aria-label="The call's webhooks">
    {logs.map((each) => (
      <a
        key={each.event}
        class="chip"
        aria-current={each === log || each.event === log.event}
        href={addressOf("call", { id: each.call_id, event: each.event === "call" ? null : each.event })}
      >
        {LOG_NAMES[each.event]} <LogStatus log={each} />
      </a>
    ))}
  </nav>
);

function Notes({ log, action }: Pick<Props, "log" | "action">) {
  if (log.payload_erased_at !== undefined)
    return (
      <p class="note">
        The payload, the citations and what was answered were erased <Ago at={log.payload_erased_at} />, once
        the call was delivered. The log stays; the call can't be sent again.
      </p>
    );
  if (action.kind === "none" && log.url !== null)
    return (
      <p class="note">
        {action.why} <a href={addressOf("endpoints", { q: endpointOf(log.url) })}>Look at the endpoint</a>
      </p>
    );
  return null;
}
