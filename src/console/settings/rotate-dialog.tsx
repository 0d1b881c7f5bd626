/** Makes a new signing secret: at once, or announced. What will happen is said before. */
import { useState } from "preact/hooks";
import type { NewSigningSecret } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { now } from "../clock.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Field } from "../parts/form.tsx";
import { SendForm } from "../parts/send-form.tsx";
import { Sentence } from "../parts/status.tsx";
import { sentNumber } from "../sent-number.ts";
import { rotationWords } from "./secret-words.ts";

interface Props {
  onMade: (secret: NewSigningSecret) => void;
  onClose: () => void;
}

export function RotateDialog({ onMade, onClose }: Props) {
  const [activate, setActivate] = useState("0");
  const [overlap, setOverlap] = useState("24");
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [activateInHours, overlapHours] = [sentNumber(activate), sentNumber(overlap)];
  const send = async () => {
    const json = { activate_in_hours: activateInHours, overlap_hours: overlapHours };
    const answer = await ask<NewSigningSecret>("POST", "/v1/org/signing-secrets/rotate", { json });
    if (answer.ok) onMade(answer.data);
    else setErrors(answer.errors);
  };
  const isTold = typeof activateInHours === "number" && typeof overlapHours === "number";
  return (
    <Dialog title="Make a new signing secret" onClose={onClose}>
      <SendForm
        act="Make the secret"
        onSend={send}
        errors={errors}
        fields={["activate_in_hours", "overlap_hours"]}
        beside={<Button onClick={onClose}>Cancel</Button>}
      >
        <Field
          label="Hours until it is in use"
          name="activate_in_hours"
          errors={errors}
          hint="0 to 168. 0: at once. Longer: you have the secret now, and time to give it to receivers."
        >
          <input
            class="short"
            inputMode="numeric"
            value={activate}
            onInput={({ currentTarget }) => setActivate(currentTarget.value)}
          />
        </Field>
        <Field
          label="Hours that the older ones go on after that"
          name="overlap_hours"
          errors={errors}
          hint="0 to 168."
        >
          <input
            class="short"
            inputMode="numeric"
            value={overlap}
            onInput={({ currentTarget }) => setOverlap(currentTarget.value)}
          />
        </Field>
        {isTold && (
          <p class="note" role="status">
            <Sentence parts={rotationWords({ activateInHours, overlapHours }, minute(now.value))} />
          </p>
        )}
      </SendForm>
    </Dialog>
  );
}

/** The sentence is read out when it changes: not each second. */
const minute = (at: number): number => Math.floor(at / 60_000) * 60_000;
