/** A log's or an endpoint's state: colour, shape and word. */
import { computed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { AnyLog } from "../answers.ts";
import { now } from "../clock.ts";
import { type Kind, marksOf, type Part, stateOf, stripWords } from "../log-state.ts";

const ring = <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.7" />;
const SHAPES: Record<Kind, ComponentChildren> = {
  ok: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="M4.6 8.3l2.3 2.3 4.5-5" stroke="var(--panel)" stroke-width="1.8" fill="none" />
    </>
  ),
  bad: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4" stroke="var(--panel)" stroke-width="1.8" />
    </>
  ),
  wait: (
    <>
      {ring}
      <path d="M8 4.4V8l2.4 1.6" stroke="currentColor" stroke-width="1.7" fill="none" />
    </>
  ),
  off: (
    <>
      {ring}
      <path d="M6.3 5.6v4.8M9.7 5.6v4.8" stroke="currentColor" stroke-width="1.7" />
    </>
  ),
  held: (
    <path
      d="M4 2h8M4 14h8M5 2c0 4 6 4 6 6s-6 2-6 6M11 2c0 4-6 4-6 6s6 2 6 6"
      stroke="currentColor"
      stroke-width="1.5"
      fill="none"
    />
  ),
  none: (
    <circle
      cx="8"
      cy="8"
      r="6.2"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-dasharray="2.4 2"
    />
  ),
};

export const Status = ({ kind, children }: { kind: Kind; children: ComponentChildren }) => (
  <span class={`status is-${kind}`}>
    <svg viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[kind]}
    </svg>
    {children}
  </span>
);

export function LogStatus({ log }: { log: Pick<AnyLog, "status" | "reason"> }) {
  const { kind, word } = stateOf(log);
  return <Status kind={kind}>{word}</Status>;
}

/** One mark an attempt, in order. More than fit are told by a count. */
export function Strip({ log, more = 0 }: { log: AnyLog; more?: number }) {
  const state = useMemo(() => computed(() => stripWords(log, now.value)), [log]).value;
  const words = `${more > 0 ? `${more} earlier attempts, ` : ""}${state}`;
  return (
    <span class="strip" role="img" aria-label={words} title={words}>
      {more > 0 && <small>+{more}</small>}
      {marksOf(log).map((mark, index) => (
        <i key={index} class={mark} />
      ))}
    </span>
  );
}

/** A sentence with its strong parts. */
export const Sentence = ({ parts }: { parts: readonly Part[] }) => (
  <>
    {parts.map((part, index) =>
      typeof part === "string" ? (
        part
      ) : (
        <b key={index} class={part.kind && `is-${part.kind}`}>
          {part.strong}
        </b>
      ),
    )}
  </>
);
