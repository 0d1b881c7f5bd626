/** Asks before what is set for a number goes. */
import { useState } from "preact/hooks";
import { tell } from "../announce.ts";
import type { InboundNumber } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { phone } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Errors } from "../parts/form.tsx";
import { numberPath } from "./words.ts";

interface Props {
  number: InboundNumber;
  onDone: () => void;
  onClose: () => void;
}

export function DeleteNumber({ number, onDone, onClose }: Props) {
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const remove = async () => {
    const answer = await ask("DELETE", numberPath(number.phone_number));
    if (!answer.ok) return setErrors(answer.errors);
    tell(`${phone(number.phone_number)} is deleted.`);
    onDone();
    onClose();
  };
  return (
    <Dialog title={`Delete ${phone(number.phone_number)}`} onClose={onClose}>
      <p>
        Calls to it that are reported from now on go to the org's default URL. Those reported before stay as
        they are.
      </p>
      <Errors errors={errors} />
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" onClick={remove}>
          Delete number
        </Button>
      </footer>
    </Dialog>
  );
}
