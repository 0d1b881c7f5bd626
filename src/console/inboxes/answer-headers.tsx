/** Headers as rows of a name and a value. */
import type { ApiError } from "../api.ts";
import { Button } from "../parts/form.tsx";

interface Row {
  name: string;
  value: string;
}

interface Props {
  rows: readonly Row[];
  errors: readonly ApiError[];
  onChange: (rows: Row[]) => void;
}

export function AnswerHeaders({ rows, errors, onChange }: Props) {
  const own = errors.filter(({ field }) => field?.split(".")[0] === "headers");
  const change = (index: number, changes: Partial<Row>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...changes } : row)));
  return (
    <fieldset class="header-rows">
      <legend>Headers</legend>
      {rows.map((row, index) => (
        <div key={index} class="header-row">
          <input
            class="mono"
            aria-label={`Name of header ${index + 1}`}
            placeholder="retry-after"
            value={row.name}
            onInput={({ currentTarget }) => change(index, { name: currentTarget.value })}
          />
          <input
            class="mono"
            aria-label={`Value of header ${index + 1}`}
            placeholder="30"
            value={row.value}
            onInput={({ currentTarget }) => change(index, { value: currentTarget.value })}
          />
          <button
            type="button"
            class="icon"
            aria-label={`Remove header ${index + 1}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            ✕
          </button>
        </div>
      ))}
      <Button onClick={() => onChange([...rows, { name: "", value: "" }])}>Add a header</Button>
      {own.length > 0 && (
        <small class="is-bad" role="alert">
          {own.map(({ message }) => message).join(" ")}
        </small>
      )}
    </fieldset>
  );
}
