/** Secrets and keys that the server tells only once. It does not close before each is said to be saved. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { copy } from "../announce.ts";
import { Dialog } from "./dialog.tsx";
import { Button } from "./form.tsx";

interface Shown {
  /** What it is, as in "the key": "Key". */
  name: string;
  value: string;
  hint?: ComponentChildren;
}

interface Props {
  title: string;
  items: readonly Shown[];
  onDone: () => void;
  children?: ComponentChildren;
}

export function ShownOnce({ title, items, onDone, children }: Props) {
  const [saved, setSaved] = useState<readonly string[]>([]);
  useEffect(() => {
    const keep = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", keep);
    return () => removeEventListener("beforeunload", keep);
  }, []);
  const mark = (name: string, isSaved: boolean) =>
    setSaved(isSaved ? [...saved, name] : saved.filter((one) => one !== name));
  return (
    <Dialog title={title} isFirm onClose={onDone}>
      <p class="told">
        {items.length === 1
          ? "It is shown only now. Nobody can look it up later, not even the operator."
          : "They are shown only now. Nobody can look them up later, not even the operator."}
      </p>
      {items.map(({ name, value, hint }) => (
        <section key={name} class="once" aria-label={name}>
          <div class="once-name">
            <b>{name}</b>
            <Button onClick={() => copy(value, name)}>Copy</Button>
          </div>
          <pre>{value}</pre>
          {hint !== undefined && <small class="dim">{hint}</small>}
          <label class="check">
            <input
              type="checkbox"
              checked={saved.includes(name)}
              onChange={({ currentTarget }) => mark(name, currentTarget.checked)}
            />
            I have saved {items.length === 1 ? "it" : `the ${name.toLowerCase()}`}
          </label>
        </section>
      ))}
      {children}
      <footer>
        <Button kind="primary" disabled={saved.length < items.length} onClick={onDone}>
          Done
        </Button>
      </footer>
    </Dialog>
  );
}
