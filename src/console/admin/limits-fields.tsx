/** The fields of an org's limits. */

import type { ApiError } from "../api.ts";
import { Field, membersOf } from "../parts/form.tsx";
import type { LimitsDraft } from "./form.ts";

interface Props {
  draft: LimitsDraft;
  errors: readonly ApiError[];
  onChange: (draft: LimitsDraft) => void;
}

export function LimitsFields({ draft, errors, onChange }: Props) {
  const own = membersOf("limits", errors);
  return (
    <div class="fields">
      <Field
        label="Reports a minute"
        name="reports_per_minute"
        errors={own}
        hint="Empty: no limit of its own."
      >
        <input
          inputMode="numeric"
          value={draft.reports_per_minute}
          onInput={({ currentTarget }) => onChange({ ...draft, reports_per_minute: currentTarget.value })}
        />
      </Field>
      <Field label="Stored, in GB" name="stored_gb" errors={own} hint="Empty: the default, 5 GB.">
        <input
          inputMode="decimal"
          value={draft.stored_gb}
          onInput={({ currentTarget }) => onChange({ ...draft, stored_gb: currentTarget.value })}
        />
      </Field>
    </div>
  );
}
