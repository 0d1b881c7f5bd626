/** One request that an inbox has received, whole. All of it is hostile text. */

import { type Signal, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { copy } from "../announce.ts";
import type { CapturedRequest } from "../answers.ts";
import { bytes, counted, exactly, visible } from "../format.ts";
import { indented } from "../json-text.ts";
import { Button } from "../parts/form.tsx";
import { LongText } from "../parts/long-text.tsx";
import { Status } from "../parts/status.tsx";
import { bodyBytes, callIdIn, pathBelow, queryRows, SIGNATURES } from "./captures.ts";

/** What somebody has folded, or wants raw, stays so from request to request. */
const isRaw = signal(false);
const foldsHeaders = signal(false);
const foldsQuery = signal(false);

interface Props {
  request: CapturedRequest;
  /** The page of a call; where nobody is signed in there is none. */
  callPage?: ((callId: string) => string) | undefined;
}

export function CaptureDetail({ request, callPage }: Props) {
  const { method, path, query, headers, received_at, signature } = request;
  const { kind, word, told } = SIGNATURES[signature];
  const asked = queryRows(query);
  const call = callPage === undefined || signature !== "valid" ? null : callIdIn(request);
  const named = Object.entries(headers);
  return (
    <article class="card capture" aria-label={`Request ${request.id}`}>
      <header>
        <span class="capture-line mono">
          <b>{visible(method)}</b> {visible(pathBelow(path))}
        </span>
        <span class="grow" />
        <time class="dim small" dateTime={received_at}>
          {exactly(received_at)}
        </time>
      </header>
      <div class="capture-told">
        <Status kind={kind}>{word}</Status> <span class="dim small">{told}</span>
        {call !== null && callPage !== undefined && (
          <span class="small">
            <a href={callPage(call)}>See the call</a>
          </span>
        )}
      </div>
      {asked.length > 0 && (
        <Folded folded={foldsQuery} title={counted(asked.length, "query parameter")}>
          <Named rows={asked} />
        </Folded>
      )}
      <Folded folded={foldsHeaders} title={counted(named.length, "header")}>
        <Named rows={named} />
      </Folded>
      <Body key={request.id} request={request} />
    </article>
  );
}

interface FoldedProps {
  folded: Signal<boolean>;
  title: string;
  children: ComponentChildren;
}

const Folded = ({ folded, title, children }: FoldedProps) => (
  <details
    open={!folded.value}
    onToggle={({ currentTarget }) => {
      folded.value = !currentTarget.open;
    }}
  >
    <summary>{title}</summary>
    {children}
  </details>
);

const Named = ({ rows }: { rows: readonly [string, string][] }) => (
  <dl class="name-values mono">
    {rows.map(([name, value], index) => (
      <div key={index}>
        <dt>{visible(name)}</dt>
        <dd>{visible(value)}</dd>
      </div>
    ))}
  </dl>
);

function Body({ request }: { request: CapturedRequest }) {
  const { body, body_encoding, truncated } = request;
  const laidOut = useMemo(() => (body_encoding === "utf-8" ? indented(body) : null), [body, body_encoding]);
  const text = laidOut === null || isRaw.value ? body : laidOut;
  return (
    <section class="capture-body" aria-label="Body">
      <div class="bar">
        <b>Body</b>
        <span class="dim small">{body === "" ? "empty" : bytes(bodyBytes(request))}</span>
        <span class="grow" />
        {laidOut !== null && (
          <>
            <Chip isOn={!isRaw.value} onClick={() => (isRaw.value = false)}>
              Laid out
            </Chip>
            <Chip isOn={isRaw.value} onClick={() => (isRaw.value = true)}>
              Raw
            </Chip>
          </>
        )}
        {body !== "" && <Button onClick={() => copy(body, "The body")}>Copy</Button>}
      </div>
      {body_encoding === "base64" && <p class="note">It is not UTF-8 text. Here it is in base64.</p>}
      {truncated && <p class="note is-wait">It was longer. Only its first 262 KB are kept.</p>}
      <pre>
        <LongText key={String(isRaw.value)} text={text} step={20_000} />
      </pre>
    </section>
  );
}

const Chip = ({ isOn, onClick, children }: { isOn: boolean; onClick: () => void; children: string }) => (
  <button type="button" class="chip" aria-pressed={isOn} onClick={onClick}>
    {children}
  </button>
);
