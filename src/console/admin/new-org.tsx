/** Makes an org. Its signing secret and its first key are shown once. */

import { useState } from "preact/hooks";
import type { NewOrg } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { visible } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Field } from "../parts/form.tsx";
import { SendForm } from "../parts/send-form.tsx";
import { ShownOnce } from "../parts/shown-once.tsx";
import { type LimitsDraft, limitsChangesOf, NO_LIMITS } from "./form.ts";
import { LimitsFields } from "./limits-fields.tsx";

interface Props {
  onClose: () => void;
  /** Both secrets are said to be saved. */
  onDone: (org: NewOrg) => void;
}

export function NewOrgDialog({ onClose, onDone }: Props) {
  const [name, setName] = useState("");
  const [limits, setLimits] = useState<LimitsDraft>(NO_LIMITS);
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [made, setMade] = useState<NewOrg | null>(null);
  const send = async () => {
    const json = { name, limits: limitsChangesOf(NO_LIMITS, limits) };
    const answer = await ask<NewOrg>("POST", "/v1/admin/orgs", { json });
    if (answer.ok) setMade(answer.data);
    else setErrors(answer.errors);
  };
  if (made !== null)
    return (
      <ShownOnce
        key="made"
        title={`${visible(made.name)} is made`}
        items={[
          {
            name: "First key",
            value: made.key.key,
            hint: "It may do all that a key of the org can. It signs in here too.",
          },
          {
            name: "Signing secret",
            value: made.signing_secret,
            hint: "Receivers check with it that a webhook is ours.",
          },
        ]}
        onDone={() => onDone(made)}
      />
    );
  return (
    <Dialog title="Make an org" onClose={onClose}>
      <SendForm
        act="Make the org"
        onSend={send}
        errors={errors}
        fields={["name", "limits"]}
        beside={<Button onClick={onClose}>Cancel</Button>}
      >
        <Field label="Name" name="name" errors={errors}>
          <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </Field>
        <LimitsFields draft={limits} errors={errors} onChange={setLimits} />
      </SendForm>
    </Dialog>
  );
}
