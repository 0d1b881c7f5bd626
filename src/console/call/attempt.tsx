/** One attempt: what was sent, and what was answered or why nothing was. All of it came from outside. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { AttemptWithDetails } from "../answers.ts";
import { count, duration, visible } from "../format.ts";
import { indented } from "../json-text.ts";
import { msOf } from "../log-state.ts";
import { Copied } from "../parts/form.tsx";
import { LongText } from "../parts/long-text.tsx";
import { adviceOf, outcomeWords, whyNoDetails } from "./attempt-words.ts";

/** Which parts are shown: for every attempt that is looked at. One is at least. */
const shown = signal({ request: true, answer: true });
type PartName = keyof typeof shown.value;

const toggle = (name: PartName) => {
  const next = { ...shown.value, [name]: !shown.value[name] };
  const other = name === "request" ? "answer" : "request";
  shown.value = next.request || next.answer ? next : { ...next, [other]: true };
};

const Toggle = ({ name, children }: { name: PartName; children: ComponentChildren }) => (
  <button type="button" class="chip" aria-pressed={shown.value[name]} onClick={() => toggle(name)}>
    {children}
  </button>
);

interface Props {
  attempt: AttemptWithDetails;
  isErased: boolean;
  /** Its details are not there yet. */
  isLoading: boolean;
}

export function AttemptCard({ attempt, isErased, isLoading }: Props) {
  const { attempt: number, send_type, delivery_id, requested_by } = attempt;
  return (
    <section class="card attempt" aria-label={`Attempt ${number}`}>
      <header>
        Attempt {number}
        <Toggle name="request">Request</Toggle>
        <Toggle name="answer">Answer</Toggle>
        <span class="grow" />
        <span class="aside">
          {send_type} ·{" "}
          <Copied text={delivery_id} what="The delivery's id">
            {delivery_id.slice(0, 12)}
          </Copied>
          {requested_by !== null && (
            <>
              {" · asked for by "}
              <Copied text={requested_by} what="The key's id">
                {visible(requested_by.length > 16 ? `${requested_by.slice(0, 12)}…` : requested_by)}
              </Copied>
            </>
          )}
        </span>
      </header>
      {shown.value.request && (
        <div>
          <Request attempt={attempt} isErased={isErased} isLoading={isLoading} />
        </div>
      )}
      {shown.value.answer && <Answer attempt={attempt} isErased={isErased} isLoading={isLoading} />}
    </section>
  );
}

function Request({ attempt, isErased, isLoading }: Props) {
  const { request } = attempt;
  const why = whyNoDetails(attempt, { isErased });
  if (request === null)
    return <p class="dim small">{isLoading ? "" : (why ?? "What was sent is not known.")}</p>;
  const names = Object.keys(request.headers);
  return (
    <>
      <pre>
        <span class="dim">POST</span> <LongText text={request.url ?? "the webhook's URL"} />
      </pre>
      {names.length > 0 ? (
        <Headers headers={request.headers} />
      ) : (
        <p class="dim small">Nothing was sent: its address was refused before.</p>
      )}
    </>
  );
}

function Answer({ attempt, isErased, isLoading }: Props) {
  const { error, response, response_code, details_dropped } = attempt;
  const advice = adviceOf(attempt);
  const headers = Object.keys(response?.headers ?? {}).length;
  const body = response?.body ?? "";
  const isKept = response !== null && response_code !== null;
  return (
    <>
      <div class={`outcome ${error === null ? "is-fine" : "is-broken"}`}>
        <b class={error === null ? "is-ok" : "is-bad"}>{outcomeWords(attempt)}</b>
        {response_code !== null && <span class="dim"> in {inMs(attempt)}</span>}
        {advice !== null && <p>{advice}</p>}
      </div>
      {isKept && (headers > 0 || body !== "") && (
        <div>
          {headers > 0 && <Headers headers={response.headers} />}
          {body !== "" && <Body body={body} />}
        </div>
      )}
      {isKept && headers === 0 && body === "" && (
        <div class="dim small">No headers and no body came back.</div>
      )}
      {details_dropped && !shown.value.request && !isLoading && (
        <div class="dim small">{whyNoDetails(attempt, { isErased })}</div>
      )}
    </>
  );
}

const inMs = (attempt: AttemptWithDetails): string => {
  const ms = msOf(attempt);
  return ms < 10_000 ? `${count(ms)} ms` : duration(ms);
};

const Headers = ({ headers }: { headers: Readonly<Record<string, string>> }) => (
  <dl class="headers mono">
    {Object.entries(headers).map(([name, value]) => (
      <div key={name}>
        <dt>{visible(name)}</dt>
        <dd>
          <LongText text={value} step={400} />
        </dd>
      </div>
    ))}
  </dl>
);

/** Of a longer body no more is kept. */
const KEPT_BYTES = 4_096;

function Body({ body }: { body: string }) {
  const isCut = new TextEncoder().encode(body).length >= KEPT_BYTES;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keys must reach it */}
      <pre class="body" tabIndex={0}>
        <LongText text={indented(body) ?? body} step={8_000} />
      </pre>
      {isCut && <p class="dim small">The first 4 KB of the body are kept.</p>}
    </>
  );
}
