/** Sends a sample to where a number's calls go, and says at once what came of it. */
import { useState } from "preact/hooks";
import type { WebhookLog } from "../answers.ts";
import { ask, messageOf } from "../api.ts";
import { type Part, textOf } from "../log-state.ts";
import { Button } from "../parts/form.tsx";
import { Sentence } from "../parts/status.tsx";
import { addressOf } from "../router.ts";
import { testSentence } from "./words.ts";

const KINDS = {
  completed: "A completed call",
  citations: "Citations",
  failed: "A failed call",
} as const;
type Kind = keyof typeof KINDS;

export interface TestOutcome {
  /** Empty while the answer is waited for. */
  parts: readonly Part[];
  /** The address of the test's own page; null where none was sent. */
  href: string | null;
}

interface Props {
  phoneNumber: string;
  onOutcome: (outcome: TestOutcome) => void;
}

export function NumberTest({ phoneNumber, onOutcome }: Props) {
  const [kind, setKind] = useState<Kind>("completed");
  const send = async () => {
    onOutcome({ parts: [], href: null });
    const json = { phone_number: phoneNumber, kind };
    const answer = await ask<WebhookLog>("POST", "/v1/postcall/webhooks/test", { json });
    if (!answer.ok)
      return onOutcome({
        parts: [{ strong: "Not sent", kind: "bad" }, `: ${messageOf(answer)}`],
        href: null,
      });
    const { call_id, event } = answer.data;
    const href = addressOf("call", { id: call_id, event: event === "call" ? null : event });
    onOutcome({ parts: testSentence(answer.data), href });
  };
  return (
    <>
      <select
        aria-label={`What a test of ${phoneNumber} sends`}
        value={kind}
        onChange={({ currentTarget: { value } }) => setKind(value in KINDS ? (value as Kind) : "completed")}
      >
        {Object.entries(KINDS).map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
      <Button onClick={send}>
        Test webhook<span class="unseen"> of {phoneNumber}</span>
      </Button>
    </>
  );
}

/** What came of it, below the number. It says itself to a screen reader. */
export const TestResult = ({ outcome }: { outcome: TestOutcome | undefined }) => (
  <p class="test-outcome small" role="status" title={outcome && textOf(outcome.parts)}>
    {outcome?.parts.length === 0 && <span class="late dim">Waiting for the answer …</span>}
    {outcome !== undefined && (
      <>
        <Sentence parts={outcome.parts} /> {outcome.href !== null && <a href={outcome.href}>See the test</a>}
      </>
    )}
  </p>
);
