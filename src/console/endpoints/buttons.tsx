/** What can be done to an endpoint as it is now: probe, pause, enable. */
import { useState } from "preact/hooks";
import type { Endpoint } from "../answers.ts";
import { endpointName } from "../format.ts";
import { Button } from "../parts/form.tsx";
import { enable, pause, probe } from "./acts.ts";
import { EnableDialog } from "./enable-dialog.tsx";

export type Acted = Pick<Endpoint, "url" | "state" | "waiting" | "waiting_exact">;

export function EndpointButtons({ endpoint, onDone }: { endpoint: Acted; onDone: () => void }) {
  const [isEnabling, setEnabling] = useState(false);
  const { state, waiting, url } = endpoint;
  const done = async (acted: Promise<boolean>) => {
    if (await acted) onDone();
  };
  const which = <span class="unseen"> {endpointName(url)}</span>;
  const begin = () => (waiting > 0 ? setEnabling(true) : done(enable(endpoint, { redeliver: true })));
  return (
    <>
      {state === "degraded" && waiting > 0 && (
        <Button onClick={() => done(probe(endpoint))}>Probe now{which}</Button>
      )}
      {(state === "active" || state === "degraded") && (
        <Button onClick={() => done(pause(endpoint))}>Pause{which}</Button>
      )}
      {(state === "paused" || state === "disabled") && (
        <Button onClick={begin}>
          Enable{waiting > 0 && " …"}
          {which}
        </Button>
      )}
      {isEnabling && <EnableDialog {...{ endpoint, onDone }} onClose={() => setEnabling(false)} />}
    </>
  );
}
