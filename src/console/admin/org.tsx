/** One org as the operator sees it: its name and limits, whether it is suspended, and how it is erased. */

import { useSignal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { AdminOrg } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { visible } from "../format.ts";
import { AskFirst } from "../parts/ask-first.tsx";
import { Button, Field } from "../parts/form.tsx";
import { Section } from "../parts/section.tsx";
import { SendForm } from "../parts/send-form.tsx";
import { type LimitsDraft, limitsChangesOf, limitsDraftOf } from "./form.ts";
import { LimitsFields } from "./limits-fields.tsx";

interface Props {
  org: AdminOrg;
  onChanged: (org: AdminOrg) => void;
}

const pathOf = ({ user_id }: AdminOrg): string => `/v1/admin/orgs/${encodeURIComponent(user_id)}`;

async function patch({ org, onChanged }: Props, json: unknown) {
  const answer = await ask<AdminOrg>("PATCH", pathOf(org), { json });
  if (answer.ok) onChanged(answer.data);
  return answer;
}

export function NameAndLimits(props: Props) {
  const { org } = props;
  const [name, setName] = useState<string | null>(null);
  const [limits, setLimits] = useState<LimitsDraft | null>(null);
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [isSaved, setSaved] = useState(false);
  const before = limitsDraftOf(org.limits);
  const changed = limitsChangesOf(before, limits ?? before);
  const json = {
    ...(name !== null && name !== org.name && { name }),
    ...(Object.keys(changed).length > 0 && { limits: changed }),
  };
  const save = async () => {
    const answer = await patch(props, json);
    setErrors(answer.ok ? [] : answer.errors);
    setSaved(answer.ok);
    if (!answer.ok) return;
    setName(null);
    setLimits(null);
  };
  return (
    <Section
      id="limits"
      title="Name and limits"
      about="Over its reports a minute, an org's reports get 429. Over what it may store, it gets 429 for new calls; repeats are still answered."
    >
      <SendForm
        act="Save"
        onSend={save}
        errors={errors}
        fields={["name", "limits"]}
        disabled={Object.keys(json).length === 0}
        beside={
          <span role="status" class="is-ok">
            {isSaved && "Saved"}
          </span>
        }
      >
        <Field label="Name" name="name" errors={errors}>
          <input
            value={name ?? org.name}
            onInput={({ currentTarget }) => {
              setName(currentTarget.value);
              setSaved(false);
            }}
          />
        </Field>
        <LimitsFields
          draft={limits ?? before}
          errors={errors}
          onChange={(draft) => {
            setLimits(draft);
            setSaved(false);
          }}
        />
      </SendForm>
    </Section>
  );
}

export function SuspendAndErase(props: Props) {
  const { org, onChanged } = props;
  const asking = useSignal<"suspend" | "unsuspend" | "erase" | null>(null);
  const close = () => (asking.value = null);
  const erase = async () => {
    const answer = await ask("DELETE", pathOf(org));
    if (answer.ok) onChanged({ ...org, state: "erasing" });
    return answer;
  };
  return (
    <Section
      id="end"
      title="Suspend and erase"
      about="Suspending can be undone, and loses nothing. Erasing can't."
    >
      {org.state === "erasing" ? (
        <p class="note">It is being erased, step by step. Then it is gone from the list.</p>
      ) : (
        <div class="bar">
          {org.state === "active" ? (
            <Button onClick={() => (asking.value = "suspend")}>Suspend …</Button>
          ) : (
            <Button kind="primary" onClick={() => (asking.value = "unsuspend")}>
              Lift the suspension …
            </Button>
          )}
          <Button disabled={org.state === "active"} onClick={() => (asking.value = "erase")}>
            Erase …
          </Button>
          {org.state === "active" && <span class="dim small">Only a suspended org can be erased.</span>}
        </div>
      )}
      {asking.value === "suspend" && (
        <AskFirst
          title={`Suspend ${visible(org.name)}?`}
          act="Suspend"
          onAct={() => patch(props, { suspended: true })}
          onClose={close}
        >
          <p>
            Its keys are refused, its inboxes are not found, and nothing is sent for it: calls that are due
            wait. Keys and inboxes follow within half a minute. Nothing is lost, but what has ended still goes
            after its retention.
          </p>
        </AskFirst>
      )}
      {asking.value === "unsuspend" && (
        <AskFirst
          title={`Lift the suspension of ${visible(org.name)}?`}
          act="Lift it"
          kind="primary"
          onAct={() => patch(props, { suspended: false })}
          onClose={close}
        >
          <p>Its keys work again, and the calls that waited are sent.</p>
        </AskFirst>
      )}
      {asking.value === "erase" && (
        <AskFirst
          title={`Erase ${visible(org.name)}?`}
          act="Erase org"
          typed={org.user_id}
          onAct={erase}
          onClose={close}
        >
          <p>
            All that is kept of it goes, beginning a minute from now: calls, payloads, attempts, settings,
            secrets and keys. That can't be undone.
          </p>
        </AskFirst>
      )}
    </Section>
  );
}
