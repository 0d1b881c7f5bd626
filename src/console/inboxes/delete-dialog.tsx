/** Asks before an inbox is deleted. */

import { tell } from "../announce.ts";
import type { Inbox } from "../answers.ts";
import { ask } from "../api.ts";
import { AskFirst } from "../parts/ask-first.tsx";
import { dropInbox } from "./list.ts";

interface Props {
  inbox: Inbox;
  onClose: () => void;
  onDeleted?: () => void;
}

export function DeleteInbox({ inbox: { id }, onClose, onDeleted }: Props) {
  const act = async () => {
    const answer = await ask("DELETE", `/v1/inboxes/${id}`);
    if (answer.ok || answer.status === 404) {
      dropInbox(id);
      tell("The inbox is deleted.");
      onDeleted?.();
    }
    return answer;
  };
  return (
    <AskFirst title="Delete this inbox?" act="Delete inbox" onAct={act} onClose={onClose}>
      <p>
        What it has received goes, and both of its addresses end: whoever sends to it gets 404. That can't be
        undone.
      </p>
    </AskFirst>
  );
}
