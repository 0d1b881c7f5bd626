/** The headers that an endpoint gets with every attempt. Values that are set are masked, and stay unless retyped. */
import { useId } from "preact/hooks";
import type { ApiError } from "../api.ts";
import { Button, besideField, membersOf } from "../parts/form.tsx";
import type { HeaderRow } from "./draft.ts";

interface Props {
  rows: readonly HeaderRow[];
  errors: readonly ApiError[];
  onChange: (rows: readonly HeaderRow[]) => void;
}

export function HeaderRows({ rows, errors, onChange }: Props) {
  const id = useId();
  const own = errors.filter(({ field }) => field?.split(/[.[]/)[0] === "headers");
  const change = (key: number, part: Partial<HeaderRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...part } : row)));
  const add = () => {
    const key = Math.max(-1, ...rows.map((row) => row.key)) + 1;
    onChange([...rows, { key, name: "", shown: null, value: "" }]);
  };
  return (
    <fieldset class="header-rows" aria-describedby={`${id}-hint`}>
      <legend>Headers with every attempt</legend>
      {rows.map(({ key, name, shown, value }, index) => (
        <div key={key}>
          <input
            class="mono"
            aria-label={`Name of header ${index + 1}`}
            placeholder="authorization"
            value={name}
            readOnly={shown !== null}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => change(key, { name: currentTarget.value })}
          />
          <input
            class="mono"
            aria-label={shown === null ? `Value of header ${index + 1}` : `New value of ${name}`}
            placeholder={shown === null ? "Bearer …" : `${shown} (kept unless retyped)`}
            value={value}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => change(key, { value: currentTarget.value })}
          />
          <button
            type="button"
            class="icon"
            aria-label={`Remove header ${name || index + 1}`}
            title="Remove"
            onClick={() => onChange(rows.filter((row) => row.key !== key))}
          >
            ✕
          </button>
        </div>
      ))}
      <Button onClick={add}>Add a header</Button>
      <small
        id={`${id}-hint`}
        class={own.length > 0 ? "is-bad" : ""}
        role={own.length > 0 ? "alert" : undefined}
      >
        {own.length > 0
          ? membersOf("headers", own)
              .map(({ message }) => besideField(message, "headers"))
              .join(" ")
          : "Such as authorization. Values are kept encrypted and never shown again."}
      </small>
    </fieldset>
  );
}
