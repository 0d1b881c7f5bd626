/** An endpoint's health in a sentence. Pure. */
import type { Endpoint } from "../answers.ts";
import { causeOf } from "../failure-hints.ts";
import { counted, roughly, until } from "../format.ts";
import type { Kind, Part } from "../log-state.ts";

export const ENDPOINT_WORDS: Record<Endpoint["state"], string> = {
  active: "Active",
  degraded: "Failing",
  disabled: "Disabled",
  paused: "Paused",
};

export const kindOfEndpoint = ({ state, failing_since }: Pick<Endpoint, "state" | "failing_since">): Kind =>
  state === "active" ? (failing_since === null ? "ok" : "wait") : state === "paused" ? "off" : "bad";

const waitingWords = ({ waiting, waiting_exact }: Endpoint): string =>
  `${waiting_exact ? "" : "over "}${counted(waiting, "call waits", "calls wait")}`;

/** What columns of their own say already. */
interface Elsewhere {
  waiting?: boolean;
  probe?: boolean;
}

/** Such as "failing for 12 min (no answer in time), 37 calls wait, next probe in 40 s". */
export function endpointSentence(endpoint: Endpoint, now: number, elsewhere: Elsewhere = {}): Part[] {
  const { state, reason, failing_since, last_error, disabled_at, consecutive_failures } = endpoint;
  const since = (at: string | null) =>
    at === null ? "" : ` for ${roughly(Math.max(0, now - Date.parse(at)))}`;
  const why = last_error === null ? "" : ` (${causeOf(last_error)})`;
  const waiting: Part[] =
    elsewhere.waiting || endpoint.waiting === 0 ? [] : [", ", { strong: waitingWords(endpoint) }];
  switch (state) {
    case "active":
      return failing_since === null
        ? ["nothing is wrong"]
        : [
            `its attempts have failed${since(failing_since)}`,
            why,
            // Answers that say "later" are failures too, and count for nothing.
            ...(consecutive_failures > 1 ? [`, ${consecutive_failures} in a row`] : []),
          ];
    case "degraded":
      return [
        { strong: `failing${since(failing_since)}`, kind: "bad" },
        why,
        ...waiting,
        ...(elsewhere.probe ? [] : [`, ${probeWords(endpoint, now)}`]),
      ];
    case "paused":
      return [{ strong: "paused" }, " by somebody", ...waiting, ", until it is enabled"];
    case "disabled":
      return [
        { strong: `disabled${since(disabled_at)}`, kind: "bad" },
        reason === "gone" ? ": it answered 410, gone" : ": nothing got through for 5 days",
        ...waiting,
      ];
  }
}

/** When a failing endpoint is tried next. Where no call waits, there is nothing to try it with. */
const probeWords = ({ waiting, next_probe_at }: Endpoint, now: number): string =>
  waiting === 0 || next_probe_at === null
    ? "the next call is its probe"
    : `next probe ${until(next_probe_at, now)}`;
