/** Asks what becomes of the calls that wait for an endpoint when it is enabled. */

import { count, endpointName } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button } from "../parts/form.tsx";
import { enable } from "./acts.ts";
import type { Acted } from "./buttons.tsx";

interface Props {
  endpoint: Acted;
  onDone: () => void;
  onClose: () => void;
}

export function EnableDialog({ endpoint, onDone, onClose }: Props) {
  const { waiting, waiting_exact, url } = endpoint;
  const many = `${waiting_exact ? "" : "Over "}${count(waiting)} ${waiting === 1 ? "call waits" : "calls wait"}`;
  const them = waiting === 1 ? "it" : "them";
  const act = async (redeliver: boolean) => {
    if (!(await enable(endpoint, { redeliver }))) return;
    onClose();
    onDone();
  };
  return (
    <Dialog title={`Enable ${endpointName(url)}`} onClose={onClose}>
      <p>
        <b>{many} for it.</b> Sent now, the oldest go first, a few at a time. Dropped,{" "}
        {waiting === 1 ? "it ends" : "they end"} as stopped; somebody can still send {them} again by hand.
      </p>
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" onClick={() => act(false)}>
          Enable, drop {them}
        </Button>
        <Button kind="primary" onClick={() => act(true)}>
          Enable, send {them} now
        </Button>
      </footer>
    </Dialog>
  );
}
