/** Sends a sample to an inbox, the way that real webhooks go. It shows up in the list by itself. */
import { useState } from "preact/hooks";
import { tell } from "../announce.ts";
import { ask, messageOf } from "../api.ts";
import { Button } from "../parts/form.tsx";
import { can } from "../session.ts";

const KINDS = [
  ["completed", "A completed call"],
  ["failed", "A failed call"],
  ["citations", "Citations"],
] as const;

export function InboxTest({ url }: { url: string }) {
  const [kind, setKind] = useState<string>("completed");
  if (!can("send")) return null;
  const send = async () => {
    const headers = { prefer: "respond-async" }; // the list shows the outcome sooner
    const answer = await ask("POST", "/v1/postcall/webhooks/test", { json: { url, kind }, headers });
    if (answer.ok) tell("The test is on its way.");
    else tell(messageOf(answer), "bad");
  };
  return (
    <div class="bar">
      <select
        aria-label="What the test is about"
        class="short"
        value={kind}
        onChange={({ currentTarget }) => setKind(currentTarget.value)}
      >
        {KINDS.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
      <Button kind="primary" onClick={send}>
        Send a test here
      </Button>
    </div>
  );
}
