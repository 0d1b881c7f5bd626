/** The settings of an endpoint as a form. Without an endpoint it sets up a new one, before its first call. */
import { useState } from "preact/hooks";
import { tell } from "../announce.ts";
import type { Endpoint } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { endpointName } from "../format.ts";
import { useOnce } from "../once.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Errors } from "../parts/form.tsx";
import { changeOf, draftOf } from "./draft.ts";
import { EndpointFields, FIELDS } from "./fields.tsx";

interface Props {
  endpoint: Endpoint | null;
  /** What a new one's URL begins with. */
  url?: string;
  onDone: () => void;
  onClose: () => void;
  onForget?: () => void;
}

const NOTHING_SET =
  "Nothing is set yet: give it a description, a rate or a header. What is left empty is the deployment's.";

export function EndpointSettings({ endpoint, url = "", onDone, onClose, onForget }: Props) {
  const isNew = endpoint === null;
  // What the form began with: the endpoint goes on changing behind it.
  const [before] = useState(() => ({ ...draftOf(endpoint), ...(isNew && { url }) }));
  const [draft, setDraft] = useState(before);
  const [errors, setErrors] = useState<readonly ApiError[]>([]);

  const save = useOnce(async () => {
    const change = changeOf(draft, before);
    const isUnchanged = Object.keys(change).length === 0;
    if (isUnchanged && !isNew) return onClose();
    if (isUnchanged) return setErrors([{ error: "invalid_parameter", message: NOTHING_SET }]);
    const json = { url: draft.url.trim(), ...change };
    const answer = await ask<Endpoint>("PATCH", "/v1/endpoints", { json });
    if (!answer.ok) return setErrors(answer.errors);
    tell(`${endpointName(answer.data.url)} has these settings from its next attempt on.`);
    onDone();
    onClose();
  });
  return (
    <Dialog title={isNew ? "Add an endpoint" : endpointName(endpoint.url)} onClose={onClose} isWide>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <EndpointFields
          {...{ draft, errors, isNew }}
          onChange={(part) => setDraft((now) => ({ ...now, ...part }))}
        />
        <Errors errors={errors} fields={isNew ? ["url", ...FIELDS] : FIELDS} />
        <footer>
          {onForget !== undefined && (
            <Button kind="danger" onClick={onForget}>
              Forget …
            </Button>
          )}
          <span class="grow" />
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary">
            {isNew ? "Add" : "Save"}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
