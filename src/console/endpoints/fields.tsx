/** The fields of an endpoint's settings, each with its errors. */
import type { ApiError } from "../api.ts";
import { Field } from "../parts/form.tsx";
import { type Draft, NO_RETRY } from "./draft.ts";
import { HeaderRows } from "./header-rows.tsx";

/** Those that show errors of their own. */
export const FIELDS: readonly string[] = [
  ...["description", "rate_per_second", "timeout_seconds", "retry_schedule", "signature_header", "headers"],
];

interface Props {
  draft: Draft;
  errors: readonly ApiError[];
  isNew: boolean;
  onChange: (part: Partial<Draft>) => void;
}

export function EndpointFields({ draft, errors, isNew, onChange }: Props) {
  const field = (
    name: Exclude<keyof Draft, "headers">,
    { label, hint, ...input }: { label: string; hint?: string; [attribute: string]: unknown },
  ) => (
    <Field {...{ label, name, errors, ...(hint !== undefined && { hint }) }}>
      <input
        value={draft[name]}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onChange({ [name]: currentTarget.value })}
        {...input}
      />
    </Field>
  );
  return (
    <>
      {isNew &&
        field("url", {
          label: "URL",
          hint: "A query is cut off: an endpoint is the URL without it.",
          ...{ class: "mono", inputMode: "url", placeholder: "https://crm.example/hook", autofocus: true },
        })}
      {field("description", {
        label: "Description",
        ...{ placeholder: "The CRM of the sales team", autofocus: !isNew, spellcheck: true },
      })}
      <div class="pair">
        {field("rate_per_second", {
          label: "Attempts a second",
          ...{ hint: "0.1 to 1000. Empty: no limit.", inputMode: "decimal" },
        })}
        {field("timeout_seconds", {
          label: "Timeout in seconds",
          ...{ hint: "1 to 30. Empty: the deployment's.", inputMode: "numeric" },
        })}
        {field("retry_schedule", {
          label: "Waits before each retry",
          hint: `15 at most, 5 days in all. Empty: the deployment's. “${NO_RETRY}”: no retry.`,
          ...{ class: "mono", placeholder: "30s, 5m, 2h" },
        })}
        {field("signature_header", {
          label: "Header of the signature",
          hint: "In place of x-webhook-signature, for a receiver written for another sender.",
          ...{ class: "mono", placeholder: "x-webhook-signature" },
        })}
      </div>
      <HeaderRows rows={draft.headers} errors={errors} onChange={(headers) => onChange({ headers })} />
    </>
  );
}
