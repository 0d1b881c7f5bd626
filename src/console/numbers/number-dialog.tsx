/** Where a number's calls go, as a form. Without a number it takes a new one. */
import { useState } from "preact/hooks";
import { tell } from "../announce.ts";
import type { InboundNumber } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { phone } from "../format.ts";
import { useOnce } from "../once.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Errors, Field } from "../parts/form.tsx";
import {
  EVENTS_WORDS,
  type EventsChoice,
  eventsChoiceOf,
  eventsOf,
  numberPath,
  withoutSpacing,
} from "./words.ts";

interface Props {
  number: InboundNumber | null;
  onDone: () => void;
  onClose: () => void;
}

export function NumberDialog({ number, onDone, onClose }: Props) {
  const [phoneNumber, setPhoneNumber] = useState(number?.phone_number ?? "");
  const [webhook, setWebhook] = useState(number?.webhook ?? "");
  const [events, setEvents] = useState<EventsChoice>(number === null ? "org" : eventsChoiceOf(number));
  const [errors, setErrors] = useState<readonly ApiError[]>([]);

  const save = useOnce(async () => {
    const wanted = withoutSpacing(phoneNumber);
    if (wanted === "") return setErrors([of("phone_number", "Give the number, such as +14155550100.")]);
    // A new one never writes over one that is set.
    const there = number === null ? await ask<InboundNumber>("GET", numberPath(wanted)) : null;
    if (there?.ok) return setErrors([of("phone_number", `${wanted} is set already: edit it in the list.`)]);
    if (there !== null && there.status !== 404) return setErrors(there.errors);
    const json = {
      webhook: webhook.trim() || null,
      webhook_events: eventsOf(events, number?.webhook_events ?? null),
    };
    const answer = await ask<InboundNumber>("POST", numberPath(wanted), { json });
    if (!answer.ok) return setErrors(answer.errors);
    tell(`${phone(answer.data.phone_number)} is set. Calls reported from now on go by it.`);
    onDone();
    onClose();
  });
  const focused = { autofocus: true };
  return (
    <Dialog title={number === null ? "Add a number" : phone(number.phone_number)} onClose={onClose}>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {number === null && (
          <Field
            label="Phone number"
            name="phone_number"
            errors={errors}
            hint="With its country's code, such as +1 415 555 0100."
          >
            <input
              {...focused}
              type="tel"
              autocomplete="off"
              value={phoneNumber}
              onInput={({ currentTarget }) => setPhoneNumber(currentTarget.value)}
            />
          </Field>
        )}
        <Field label="Webhook URL" name="webhook" errors={errors} hint="Empty: the org's default URL.">
          <input
            {...(number !== null && focused)}
            class="mono"
            inputMode="url"
            autocomplete="off"
            spellcheck={false}
            placeholder="https://crm.example/hook"
            value={webhook}
            onInput={({ currentTarget }) => setWebhook(currentTarget.value)}
          />
        </Field>
        <Field label="What is sent" name="webhook_events" errors={errors}>
          <select
            value={events}
            onChange={({ currentTarget: { value } }) =>
              setEvents(value === "call" || value === "citations" ? value : "org")
            }
          >
            {Object.entries(EVENTS_WORDS).map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        </Field>
        <Errors
          errors={errors}
          fields={["webhook", "webhook_events", ...(number === null ? ["phone_number"] : [])]}
        />
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary">
            {number === null ? "Add" : "Save"}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

const of = (field: string, message: string): ApiError => ({ error: "invalid_parameter", field, message });
