/** The org's settings, section by section. */
import type { Org } from "../answers.ts";
import { Field } from "../parts/form.tsx";
import { Section } from "../parts/section.tsx";
import { EVENTS, withEvent } from "./form.ts";
import { type Filling, OrgForm } from "./org-form.tsx";

interface Props {
  org: Org;
  onSaved: (org: Org) => void;
}

const ROUTING = [
  ...(["default_webhook", "webhook_events", "delay_for_citations"] as const),
  ...(["citations_timeout_seconds", "ops_webhook"] as const),
];

export const WhereCallsGo = ({ org, onSaved }: Props) => (
  <Section
    id="where"
    title="Where calls go"
    about="A call goes where its report says, else where its number's webhook says, else to the default. A change is for calls reported from now on."
  >
    <OrgForm org={org} onSaved={onSaved} fields={ROUTING}>
      {(filling) => (
        <>
          <Url
            filling={filling}
            name="default_webhook"
            label="Default webhook"
            hint="Where calls go that name no other URL. Empty: they are stored, and nothing is sent."
          />
          <Events {...filling} />
          <Citations {...filling} />
          <Url
            filling={filling}
            name="ops_webhook"
            label="Webhook for trouble"
            hint="Told when a delivery fails for good, and when an endpoint fails, is disabled, paused or well again. Empty: nobody is told."
          />
        </>
      )}
    </OrgForm>
  </Section>
);

interface UrlProps {
  filling: Filling;
  name: "default_webhook" | "ops_webhook";
  label: string;
  hint: string;
}

const Url = ({ filling: { draft, set, errors }, name, label, hint }: UrlProps) => (
  <Field label={label} name={name} errors={errors} hint={hint}>
    <input
      class="mono"
      inputMode="url"
      spellcheck={false}
      placeholder="https://crm.example/hook"
      value={draft[name]}
      onInput={({ currentTarget }) => set({ [name]: currentTarget.value })}
    />
  </Field>
);

function Events({ draft, set, errors }: Filling) {
  const own = errors.filter(({ field }) => field?.startsWith("webhook_events"));
  const check = (event: string) => (
    <label key={event} class="check">
      <input
        type="checkbox"
        checked={draft.webhook_events.includes(event)}
        onChange={({ currentTarget }) =>
          set({ webhook_events: withEvent(draft.webhook_events, event, currentTarget.checked) })
        }
      />
      <span class="mono">{event}</span>
    </label>
  );
  const others = EVENTS.filter((event) => event !== "citations");
  const chosen = others.filter((event) => draft.webhook_events.includes(event)).length;
  return (
    <fieldset class="field">
      <legend>Events</legend>
      {check("citations")}
      <small>
        Receivers get a call's citations: with the call if it waits for them, else as an event of their own.
      </small>
      <details>
        <summary>
          {others.length} others, accepted without effect{chosen > 0 && `, ${chosen} chosen`}
        </summary>
        <div class="checks">{others.map(check)}</div>
      </details>
      {own.length > 0 && <small class="is-bad">{own.map(({ message }) => message).join(" ")}</small>}
    </fieldset>
  );
}

function Citations({ draft, set, errors }: Filling) {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.delay_for_citations}
          onChange={({ currentTarget }) => set({ delay_for_citations: currentTarget.checked })}
        />
        Hold a completed call until its citations come, and send both as one
      </label>
      <Field
        label="Longest hold, in seconds"
        name="citations_timeout_seconds"
        errors={errors}
        hint="1 to 3,600. Then the call is sent without them, and citations that come later follow as an event of their own."
      >
        <input
          class="short"
          inputMode="numeric"
          value={draft.citations_timeout_seconds}
          onInput={({ currentTarget }) => set({ citations_timeout_seconds: currentTarget.value })}
        />
      </Field>
    </>
  );
}

export const Retention = ({ org, onSaved }: Props) => (
  <Section
    id="retention"
    title="Retention"
    about="Transcripts are personal data. What has ended goes after some days; what is due, held or waiting never does."
  >
    <OrgForm org={org} onSaved={onSaved} fields={["retention_days"]}>
      {({ draft, set, errors }) => (
        <>
          <Field
            label="Days that ended calls are kept"
            name="retention_days"
            errors={errors}
            hint="Empty: as long as this deployment keeps them, which is the most."
          >
            <input
              class="short"
              inputMode="numeric"
              value={draft.retention_days}
              onInput={({ currentTarget }) => set({ retention_days: currentTarget.value })}
            />
          </Field>
          <label class="check">
            <input
              type="checkbox"
              checked={draft.erase_payload_when_delivered}
              onChange={({ currentTarget }) => set({ erase_payload_when_delivered: currentTarget.checked })}
            />
            Erase a payload once it is delivered
          </label>
          <small class="dim">
            Payload, citations and what receivers answered go as soon as nothing of the call is due. The log
            stays, with its attempts; the call can't be sent again.
          </small>
        </>
      )}
    </OrgForm>
  </Section>
);

export const Name = ({ org, onSaved }: Props) => (
  <OrgForm org={org} onSaved={onSaved} fields={["name"]}>
    {({ draft, set, errors }) => (
      <Field label="The org's name" name="name" errors={errors}>
        <input value={draft.name} onInput={({ currentTarget }) => set({ name: currentTarget.value })} />
      </Field>
    )}
  </OrgForm>
);
