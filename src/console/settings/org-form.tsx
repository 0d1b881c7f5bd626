/** A form over some of the org's settings. It sends only what has changed, and says "Saved". */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Org } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { Button } from "../parts/form.tsx";
import { SendForm } from "../parts/send-form.tsx";
import { can } from "../session.ts";
import { acted } from "./audit.tsx";
import { changesOf, draftOf, type OrgDraft } from "./form.ts";

export interface Filling {
  draft: OrgDraft;
  set: (changes: Partial<OrgDraft>) => void;
  errors: readonly ApiError[];
}

interface Props {
  org: Org;
  onSaved: (org: Org) => void;
  /** The names of its fields: errors about others are shown below them. */
  fields: readonly (keyof OrgDraft)[];
  children: (filling: Filling) => ComponentChildren;
}

export function OrgForm({ org, onSaved, fields, children }: Props) {
  const [edited, setEdited] = useState<Partial<OrgDraft>>({});
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [isSaved, setSaved] = useState(false);
  const draft = { ...draftOf(org), ...edited };
  const changes = changesOf(org, draft);
  const isChanged = Object.keys(changes).length > 0;
  const save = async () => {
    const answer = await ask<Org>("PATCH", "/v1/org", { json: changes });
    setErrors(answer.ok ? [] : answer.errors);
    if (!answer.ok) return;
    setEdited({});
    setSaved(true);
    onSaved(answer.data);
    acted.value += 1;
  };
  const set = (more: Partial<OrgDraft>) => {
    setEdited({ ...edited, ...more });
    setSaved(false);
  };
  const discard = () => {
    setEdited({});
    setErrors([]);
  };
  return (
    <SendForm
      act="Save"
      onSend={save}
      errors={errors}
      fields={fields}
      disabled={!isChanged}
      hasButton={can("configure")}
      beside={
        <>
          {isChanged && <Button onClick={discard}>Discard</Button>}
          <span role="status" class="is-ok">
            {isSaved && "Saved"}
          </span>
        </>
      }
    >
      <fieldset class="plain" disabled={!can("configure")}>
        {children({ draft, set, errors })}
      </fieldset>
    </SendForm>
  );
}
