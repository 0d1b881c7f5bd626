/**
 * A form over some of the org's settings. It sends only what has changed, and says "Saved". What was typed and not saved
 * is still there after a look at another page.
 */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Org } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { Button } from "../parts/form.tsx";
import { SendForm } from "../parts/send-form.tsx";
import { isLeaving } from "../router.ts";
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

/** What was typed and not saved, by the first field of its form. */
const unsaved = signal<Record<string, Partial<OrgDraft>>>({});

addEventListener("beforeunload", (event) => {
  if (!isLeaving.value && Object.keys(unsaved.value).length > 0) event.preventDefault(); // the browser asks first
});

export function OrgForm({ org, onSaved, fields, children }: Props) {
  const name = fields[0] ?? "";
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [isSaved, setSaved] = useState(false);
  const draft = { ...draftOf(org), ...unsaved.value[name] };
  const changes = changesOf(org, draft);
  const isChanged = Object.keys(changes).length > 0;
  const forget = () => {
    const { [name]: _, ...others } = unsaved.value;
    unsaved.value = others;
  };
  const isMoot = unsaved.value[name] !== undefined && !(isChanged && can("configure"));
  useEffect(() => {
    if (isMoot) forget();
  }, [isMoot]);
  const save = async () => {
    const answer = await ask<Org>("PATCH", "/v1/org", { json: changes });
    setErrors(answer.ok ? [] : answer.errors);
    if (!answer.ok) return;
    forget();
    setSaved(true);
    onSaved(answer.data);
    acted.value += 1;
  };
  const set = (more: Partial<OrgDraft>) => {
    unsaved.value = { ...unsaved.value, [name]: { ...unsaved.value[name], ...more } };
    setSaved(false);
  };
  const discard = () => {
    forget();
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
