/** Asks before an endpoint's settings and health are forgotten, and says why it can't be. */
import { useState } from "preact/hooks";
import { tell } from "../announce.ts";
import type { Endpoint } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { count, endpointName } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Errors } from "../parts/form.tsx";

interface Props {
  endpoint: Endpoint;
  onDone: () => void;
  onClose: () => void;
}

export function ForgetDialog({ endpoint, onDone, onClose }: Props) {
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const { url, waiting, state } = endpoint;
  const forget = async () => {
    const answer = await ask("DELETE", "/v1/endpoints", { query: { url } });
    if (!answer.ok) return setErrors(answer.errors);
    tell(`${endpointName(url)} is forgotten.`);
    onDone();
    onClose();
  };
  const calls = waiting === 1 ? "1 call waits" : `${count(waiting)} calls wait`;
  const first = state === "degraded" ? "Pause it, then enable it" : "Enable it";
  return (
    <Dialog title={`Forget ${endpointName(url)}`} onClose={onClose}>
      {waiting > 0 ? (
        <p>
          <b>{calls} for it, so it can't be forgotten.</b> {first}: that asks whether they are sent or
          dropped. Afterwards it can be.
        </p>
      ) : (
        <p>
          Its settings, headers and state go, and so does a pause. Its calls stay. Later calls to this URL go
          with the deployment's settings.
        </p>
      )}
      <Errors errors={errors} />
      <footer>
        <Button onClick={onClose}>{waiting > 0 ? "Close" : "Cancel"}</Button>
        {waiting === 0 && (
          <Button kind="danger" onClick={forget}>
            Forget it
          </Button>
        )}
      </footer>
    </Dialog>
  );
}
