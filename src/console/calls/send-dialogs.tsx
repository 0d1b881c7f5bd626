/** Before many calls are sent again: are they meant? And afterwards: which ones were not sent, and why. */
import { copy } from "../announce.ts";
import type { ListedLog } from "../answers.ts";
import { counted } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button } from "../parts/form.tsx";
import { callAddress } from "./log-row.tsx";
import { type Plan, planWords, targetWords } from "./plan.ts";
import { notSent } from "./sending.ts";

interface ConfirmProps {
  plan: Plan<ListedLog>;
  onSend: () => void;
  onClose: () => void;
}

export function ConfirmSend({ plan, onSend, onClose }: ConfirmProps) {
  const words = planWords(plan);
  const { length } = plan.sendable;
  return (
    <Dialog title={`Send ${counted(length, "call")} again?`} onClose={onClose}>
      <p>
        Each is sent once more, at once: to {targetWords(plan.sendable)}. Receivers that took a call already
        get it a second time, under the same <code>webhook-id</code>. Endpoints that are paused or failing are
        tried once all the same.
      </p>
      {words !== "" && <p class="note">{words}.</p>}
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <button type="button" class="button is-primary" autofocus onClick={onSend}>
          Send {counted(length, "call")} again
        </button>
      </footer>
    </Dialog>
  );
}

const SHOWN = 200;

export function NotSent() {
  const calls = notSent.value;
  if (calls.length === 0) return null;
  const close = () => {
    notSent.value = [];
  };
  return (
    <Dialog title={`${counted(calls.length, "call was", "calls were")} not sent`} isWide onClose={close}>
      <ul class="not-sent">
        {calls.slice(0, SHOWN).map((call) => (
          <li key={`${call.call_id} ${call.event}`}>
            <a class="mono" href={callAddress(call as Pick<ListedLog, "call_id" | "event">)} onClick={close}>
              {call.call_id}
            </a>
            {call.event === "citations" && <span class="tag">citations</span>}
            <span>{call.why}</span>
          </li>
        ))}
        {calls.length > SHOWN && <li>And {counted(calls.length - SHOWN, "more call")}: copy their ids.</li>}
      </ul>
      <footer>
        <Button onClick={() => copy(calls.map(({ call_id }) => call_id).join("\n"), "The ids")}>
          Copy their ids
        </Button>
        <button type="button" class="button is-primary" autofocus onClick={close}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}
