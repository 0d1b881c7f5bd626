/** The list of endpoints: which are shown, in which order, and the sentence above it. Pure. */
import type { Endpoint } from "../answers.ts";
import { count, counted } from "../format.ts";
import type { Part } from "../log-state.ts";
import { waitingAt } from "../overview/words.ts";

export const STATES: readonly Endpoint["state"][] = ["degraded", "disabled", "paused", "active"];

/** Anything that is no state means all. */
export const endpointStateOf = (given: string | null): Endpoint["state"] | null =>
  STATES.find((state) => state === given) ?? null;

const RANKS: Record<Endpoint["state"], number> = { degraded: 0, disabled: 1, paused: 2, active: 4 };
/** Active, though its last attempts failed. */
const STUMBLING = 3;
const rankOf = ({ state, failing_since }: Endpoint): number =>
  state === "active" && failing_since !== null ? STUMBLING : RANKS[state];

/** Those that somebody looks for come first; within them the server's order stays. */
export const inOrder = (endpoints: readonly Endpoint[]): Endpoint[] =>
  [...endpoints].sort((one, other) => rankOf(one) - rankOf(other));

/** Whether all of the words are in its URL or its description. */
export function isFound({ url, settings }: Endpoint, search: string): boolean {
  const text = `${url} ${settings.description ?? ""}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Such as "4 endpoints: one is failing, one is paused. 37 calls wait." */
export function listSentence(endpoints: readonly Endpoint[], hasMore: boolean): Part[] {
  const of = (state: Endpoint["state"]) => endpoints.filter((endpoint) => endpoint.state === state).length;
  const are = (number: number, what: string) =>
    number === 1 ? `one is ${what}` : `${count(number)} are ${what}`;
  const stumbling = endpoints.filter((endpoint) => rankOf(endpoint) === STUMBLING).length;
  const bad: Part[] = [
    ...(of("degraded") === 0 ? [] : [{ strong: are(of("degraded"), "failing"), kind: "bad" as const }]),
    ...(of("disabled") === 0 ? [] : [{ strong: are(of("disabled"), "disabled"), kind: "bad" as const }]),
    ...(of("paused") === 0 ? [] : [are(of("paused"), "paused")]),
    ...(stumbling === 0
      ? []
      : [`${stumbling === 1 ? "one has" : `${count(stumbling)} have`} failed attempts`]),
  ];
  const { waiting, words } = waitingAt(endpoints);
  const all = `${hasMore ? "The first " : ""}${counted(endpoints.length, "endpoint")}`;
  const wait = waiting === 0 ? "" : ` ${words} ${waiting === 1 ? "call waits" : "calls wait"}.`;
  if (bad.length === 0) return [`${all}: ${endpoints.length === 1 ? "it is" : "all are"} active.${wait}`];
  return [`${all}: `, ...bad.flatMap((part, index) => (index === 0 ? [part] : [", ", part])), `.${wait}`];
}
