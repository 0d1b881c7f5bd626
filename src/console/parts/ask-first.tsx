/** A dialog that says what will happen, and does it only then. What is refused is shown in it, and it stays open. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Answer, ApiError } from "../api.ts";
import { Dialog } from "./dialog.tsx";
import { Button, Errors, Field } from "./form.tsx";

interface Props {
  title: string;
  /** What the button says. */
  act: string;
  kind?: "danger" | "primary";
  onAct: () => Promise<Answer<unknown>>;
  onClose: () => void;
  children: ComponentChildren;
  /** What has to be typed first. */
  typed?: string;
}

export function AskFirst({ title, act, kind = "danger", onAct, onClose, children, typed }: Props) {
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [text, setText] = useState("");
  const send = async () => {
    const answer = await onAct();
    if (answer.ok) onClose();
    else setErrors(answer.errors);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="told">{children}</div>
      {typed !== undefined && (
        <Field label={`Type ${typed}`}>
          <input
            class="mono"
            autocomplete="off"
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </Field>
      )}
      <Errors errors={errors} />
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind={kind} disabled={typed !== undefined && text.trim() !== typed} onClick={send}>
          {act}
        </Button>
      </footer>
    </Dialog>
  );
}
