/** What an inbox answers: answers to choose by a click, and a form for others. */
import { useState } from "preact/hooks";
import type { Inbox } from "../answers.ts";
import { type Answer, type ApiError, ask } from "../api.ts";
import { Errors, Field, membersOf } from "../parts/form.tsx";
import { SendForm } from "../parts/send-form.tsx";
import { can } from "../session.ts";
import {
  type AnswerDraft,
  consequenceOf,
  draftOf,
  isSameAnswer,
  PRESETS,
  type Respond,
  respondOf,
} from "./answer.ts";
import { AnswerHeaders } from "./answer-headers.tsx";
import { keepInbox } from "./list.ts";

const FIELDS = ["status", "delay_ms", "headers", "body"];

export function InboxAnswer({ inbox }: { inbox: Inbox }) {
  const { respond } = inbox;
  const [isOpen, setOpen] = useState(false);
  const { kind, text } = consequenceOf(respond);
  const isOwn = !PRESETS.some((preset) => isSameAnswer(preset.respond, respond));
  const change = async (wanted: unknown): Promise<Answer<Inbox>> => {
    const answer = await ask<Inbox>("PATCH", `/v1/inboxes/${inbox.id}`, { json: { respond: wanted } });
    if (answer.ok) keepInbox({ ...inbox, ...answer.data });
    return answer;
  };
  if (!can("configure")) return <p class={`small is-${kind}`}>{text}</p>;
  return (
    <section class="knobs" aria-label="What it answers">
      <Presets
        respond={respond}
        isOpen={isOpen}
        isOwn={isOwn}
        onChange={change}
        onOpen={() => setOpen(!isOpen)}
      />
      <p class={`small is-${kind}`}>{text}</p>
      {isOpen && <AnswerForm key={JSON.stringify(respond)} respond={respond} onSend={change} />}
    </section>
  );
}

interface PresetsProps {
  respond: Respond;
  isOpen: boolean;
  /** It answers something that is none of the presets. */
  isOwn: boolean;
  onChange: (wanted: Respond) => Promise<Answer<Inbox>>;
  onOpen: () => void;
}

function Presets({ respond, isOpen, isOwn, onChange, onOpen }: PresetsProps) {
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const choose = async (wanted: Respond) => {
    const answer = await onChange(wanted);
    setErrors(answer.ok ? [] : answer.errors);
  };
  return (
    <>
      <div class="bar">
        <span class="small">It answers</span>
        {PRESETS.map(({ name, respond: preset }) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={isSameAnswer(preset, respond)}
            onClick={() => void choose(preset)}
          >
            {name}
          </button>
        ))}
        <button type="button" class={isOwn ? "chip is-on" : "chip"} aria-expanded={isOpen} onClick={onOpen}>
          Something else …
        </button>
      </div>
      <Errors errors={errors} />
    </>
  );
}

interface FormProps {
  respond: Respond;
  onSend: (wanted: unknown) => Promise<Answer<Inbox>>;
}

function AnswerForm({ respond, onSend }: FormProps) {
  const [draft, setDraft] = useState<AnswerDraft>(draftOf(respond));
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const set = (changes: Partial<AnswerDraft>) => setDraft({ ...draft, ...changes });
  const send = async () => {
    const answer = await onSend(respondOf(draft));
    setErrors(answer.ok ? [] : membersOf("respond", answer.errors));
  };
  return (
    <div class="card knobs-form">
      <SendForm act="Answer like this" onSend={send} errors={errors} fields={FIELDS}>
        <div class="fields">
          <Field label="Status" name="status" errors={errors} hint="200 to 599">
            <input
              inputMode="numeric"
              value={draft.status}
              onInput={({ currentTarget }) => set({ status: currentTarget.value })}
            />
          </Field>
          <Field label="Delay in milliseconds" name="delay_ms" errors={errors} hint="0 to 30,000">
            <input
              inputMode="numeric"
              value={draft.delay_ms}
              onInput={({ currentTarget }) => set({ delay_ms: currentTarget.value })}
            />
          </Field>
        </div>
        <AnswerHeaders rows={draft.headers} errors={errors} onChange={(headers) => set({ headers })} />
        <Field label="Body" name="body" errors={errors} hint="65,536 characters at most.">
          <textarea
            spellcheck={false}
            value={draft.body}
            onInput={({ currentTarget }) => set({ body: currentTarget.value })}
          />
        </Field>
      </SendForm>
    </div>
  );
}
