/** Whether the service can do its work, in a small line. */
import { useSignal } from "@preact/signals";
import type { Readiness } from "../answers.ts";
import { type Answer, ask } from "../api.ts";
import { useLive } from "../live.ts";
import { Status } from "../parts/status.tsx";
import { readinessWords } from "../usage-words.ts";

const EVERY_MS = 30_000;

export function ReadinessLine() {
  const answer = useSignal<Answer<Readiness> | null>(null);
  useLive(
    async (signal) => {
      const found = await ask<Readiness>("GET", "/readyz", { signal });
      if (!signal.aborted) answer.value = found;
    },
    { everyMs: EVERY_MS },
  );
  if (answer.value === null) return null;
  const { kind, text } = readinessWords(answer.value);
  return (
    <p class="small readiness">
      <Status kind={kind}>{text}</Status>
    </p>
  );
}
