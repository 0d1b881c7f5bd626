/** Where no call was ever reported: how the first one is. */

import { Command, Empty } from "../parts/form.tsx";
import { addressOf } from "../router.ts";

const command = (): string => `curl -X POST ${location.origin}/v1/postcall/calls \\
  -H 'authorization: YOUR_KEY' -H 'content-type: application/json' \\
  -d '{"payload": {"call_id": "call-1", "status": "completed"}, "webhook": "https://crm.example/hook"}'`;

export const FirstCall = () => (
  <Empty title="No call yet">
    <p>
      Report a finished call. Its webhook is signed, sent, retried and kept, and shows here a moment later.
    </p>
    <Command text={command()} />
    <p class="after">
      No receiver at hand? <a href={addressOf("inboxes")}>Make an inbox</a>, and take its URL as the webhook.
      With a default URL in the <a href={addressOf("settings")}>settings</a> a call needs none of its own.
    </p>
  </Empty>
);
