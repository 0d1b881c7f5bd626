/** What the overview says: one sentence for somebody who was called at night, and the figures' words. Pure. */
import type { Endpoint, Stats } from "../answers.ts";
import { count, counted, percent } from "../format.ts";
import type { Part } from "../log-state.ts";
import { SUSPECTS_MOST } from "./trouble.ts";

type Health = Pick<Endpoint, "state" | "waiting" | "waiting_exact">;

export interface Seen {
  stats: Pick<Stats, "calls" | "first_try_rate" | "overdue" | "sampled">;
  /** Those that are not active. */
  endpoints: readonly Health[];
  /** How many active ones fail often. */
  failing: number;
  /** Completes "Nothing was reported in …". */
  during: string;
}

/** What stands before a figure that is more than was counted. */
export const approxOf = ({ sampled }: Pick<Stats, "sampled">): string => (sampled ? "≈ " : "");

/** How many wait at these endpoints; "over" where they were not all counted. */
export function waitingAt(endpoints: readonly Health[]): {
  waiting: number;
  words: string;
  isExact: boolean;
} {
  const waiting = endpoints.reduce((sum, endpoint) => sum + endpoint.waiting, 0);
  const isExact = endpoints.every(({ waiting_exact }) => waiting_exact);
  return { waiting, isExact, words: `${isExact ? "" : "over "}${count(waiting)}` };
}

const endpointsAre = (number: number, what: string): string =>
  number === 1 ? `One endpoint ${what.replace("are", "is")}` : `${count(number)} endpoints ${what}`;

function callsAt(endpoints: readonly Health[], [one, many]: [one: string, many: string]): string {
  const { waiting, words } = waitingAt(endpoints);
  return `${words} ${waiting === 1 ? `call ${one}` : `calls ${many}`}`;
}

/** Each trouble as a sentence of its own, the worst first. */
function troubles({ stats, endpoints, failing }: Seen): Part[][] {
  const of = (state: Endpoint["state"]) => endpoints.filter((endpoint) => endpoint.state === state);
  const [down, disabled] = [of("degraded"), of("disabled")];
  const paused = of("paused").filter(({ waiting }) => waiting > 0);
  const it = (found: readonly Health[]) => (found.length === 1 ? "it" : "them");
  const said: Part[][] = [];
  if (stats.overdue > 0) {
    const late = counted(stats.overdue, "call is", "calls are");
    said.push([{ strong: `${approxOf(stats)}${late} overdue in our own queue`, kind: "bad" }, "."]);
  }
  if (down.length > 0) {
    const { waiting } = waitingAt(down);
    const wait: [string, string] = [
      `waits for ${it(down)} and is not lost`,
      `wait for ${it(down)} and lose nothing`,
    ];
    const then = waiting === 0 ? `no call waits for ${it(down)}` : callsAt(down, wait);
    said.push([{ strong: endpointsAre(down.length, "are down"), kind: "bad" }, `; ${then}.`]);
  }
  if (disabled.length > 0) {
    const stop: [string, string] = [
      "is stopped until somebody enables it",
      `are stopped until somebody enables ${it(disabled)}`,
    ];
    const then = waitingAt(disabled).waiting === 0 ? "" : `; ${callsAt(disabled, stop)}`;
    said.push([{ strong: endpointsAre(disabled.length, "are disabled"), kind: "bad" }, `${then}.`]);
  }
  if (failing > 0) {
    const more = failing < SUSPECTS_MOST ? "" : " or more";
    const fail = failing === 1 ? "One endpoint fails" : `${count(failing)}${more} endpoints fail`;
    said.push([{ strong: `${fail} often` }, "."]);
  }
  if (paused.length > 0) {
    const then = callsAt(paused, ["waits", "wait"]);
    said.push([
      { strong: endpointsAre(paused.length, "are paused") },
      `; ${then} until somebody enables ${it(paused)}.`,
    ]);
  }
  return said;
}

/** With fewer at the first try, all is not well, even if nothing is down. */
const WELL_FROM = 0.95;

export function overviewSentence(seen: Seen): Part[] {
  const { stats, during } = seen;
  const { calls, first_try_rate } = stats;
  const said = troubles(seen).flatMap((parts): Part[] => [" ", ...parts]);
  if (calls.total === 0) return [`Nothing was reported in ${during}.`, ...said];
  if (first_try_rate === null)
    return [
      `${approxOf(stats)}${counted(calls.total, "call was", "calls were")} reported in ${during}, and none was sent yet.`,
      ...said,
    ];
  const rate = `${approxOf(stats)}${percent(first_try_rate)}`;
  if (said.length === 0 && calls.failed === 0 && first_try_rate >= WELL_FROM)
    return [{ strong: "All is well", kind: "ok" }, `: ${rate} of calls arrive at the first try.`];
  const failed: Part[] =
    said.length > 0 || calls.failed === 0
      ? []
      : [` ${approxOf(stats)}${counted(calls.failed, "call")} failed in the end.`];
  return [`${rate} of calls arrive at the first try.`, ...said, ...failed];
}

/** What a screen reader is told when it changes: without figures that go on with every call. */
export function alarmOf(endpoints: readonly Health[], overdue: number): string {
  const down = endpoints.filter(({ state }) => state === "degraded" || state === "disabled");
  const late = overdue > 0 ? ` ${counted(overdue, "call is", "calls are")} overdue in our own queue.` : "";
  return `${down.length === 0 ? "No endpoint is down." : `${endpointsAre(down.length, "are down")}.`}${late}`;
}

/** What "other" holds: "41 waiting, 3 held". */
export function otherWords({
  waiting,
  retrying,
  pending,
  held,
  disabled,
  no_webhook,
}: Stats["calls"]): string {
  const has = [
    [waiting, "waiting"],
    [retrying, "retrying"],
    [pending, "sending"],
    [held, "held"],
    [disabled, "stopped"],
    [no_webhook, "without a webhook"],
  ] as const;
  return has
    .filter(([value]) => value > 0)
    .map(([value, word]) => `${count(value)} ${word}`)
    .join(", ");
}
