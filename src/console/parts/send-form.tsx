/** A form with one button that sends it, which Enter does too. While it is under way it is not sent again. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ApiError } from "../api.ts";
import { Errors } from "./form.tsx";

interface Props {
  /** What the button says. */
  act: string;
  onSend: () => Promise<void>;
  errors: readonly ApiError[];
  /** The names of its fields, which show their errors themselves. */
  fields: readonly string[];
  children: ComponentChildren;
  /** Shown beside the button. */
  beside?: ComponentChildren;
  disabled?: boolean;
  hasButton?: boolean;
}

export function SendForm(props: Props) {
  const { act, onSend, errors, fields, children, beside, disabled = false, hasButton = true } = props;
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    try {
      await onSend();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy && !disabled) void send();
      }}
    >
      {children}
      <Errors errors={errors} fields={fields} />
      {hasButton && (
        <div class="bar">
          <button type="submit" class="button is-primary" aria-busy={isBusy} disabled={disabled}>
            {act}
          </button>
          {beside}
        </div>
      )}
    </form>
  );
}
