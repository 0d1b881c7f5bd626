/** Makes a key of an org. It is shown once. */
import { useState } from "preact/hooks";
import type { NewKey, Scope } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { visible, zone } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Field } from "../parts/form.tsx";
import { SendForm } from "../parts/send-form.tsx";
import { ShownOnce } from "../parts/shown-once.tsx";
import { instantOf, SCOPES } from "./form.ts";

interface Props {
  org: { user_id: string; name: string };
  onClose: () => void;
  onMade: () => void;
}

export function NewKeyDialog({ org, onClose, onMade }: Props) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["report"]);
  const [expires, setExpires] = useState("");
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [made, setMade] = useState<NewKey | null>(null);
  const send = async () => {
    const json = { name, scopes, expires_at: instantOf(expires) };
    const answer = await ask<NewKey>("POST", `/v1/admin/orgs/${encodeURIComponent(org.user_id)}/keys`, {
      json,
    });
    if (!answer.ok) return setErrors(answer.errors);
    setMade(answer.data);
    onMade();
  };
  if (made !== null)
    return (
      <ShownOnce
        key="made"
        title={`The key ${visible(made.name)}`}
        items={[{ name: "Key", value: made.key, hint: `It may ${made.scopes.join(", ")}.` }]}
        onDone={onClose}
      />
    );
  return (
    <Dialog title={`Make a key of ${visible(org.name)}`} onClose={onClose}>
      <SendForm
        act="Make the key"
        onSend={send}
        errors={errors}
        fields={["name", "scopes", "expires_at"]}
        beside={<Button onClick={onClose}>Cancel</Button>}
      >
        <Field label="Name" name="name" errors={errors} hint="Who or what uses it.">
          <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </Field>
        <Scopes chosen={scopes} errors={errors} onChange={setScopes} />
        <Field
          label="Expires"
          name="expires_at"
          errors={errors}
          hint={`In ${zone()}, this browser's zone. Empty: it does not expire.`}
        >
          <input
            type="datetime-local"
            value={expires}
            onInput={({ currentTarget }) => setExpires(currentTarget.value)}
          />
        </Field>
      </SendForm>
    </Dialog>
  );
}

interface ScopesProps {
  chosen: readonly Scope[];
  errors: readonly ApiError[];
  onChange: (scopes: readonly Scope[]) => void;
}

function Scopes({ chosen, errors, onChange }: ScopesProps) {
  const own = errors.filter(({ field }) => field?.startsWith("scopes"));
  return (
    <fieldset class="field">
      <legend>May</legend>
      {SCOPES.map(({ scope, told }) => (
        <label key={scope} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(scope)}
            onChange={({ currentTarget }) =>
              onChange(currentTarget.checked ? [...chosen, scope] : chosen.filter((one) => one !== scope))
            }
          />
          <span>
            <b class="mono">{scope}</b> <span class="dim">{told}</span>
          </span>
        </label>
      ))}
      {own.length > 0 && <small class="is-bad">{own.map(({ message }) => message).join(" ")}</small>}
    </fieldset>
  );
}
