/** What must hold for every call over both of its logs, the webhook's and the citations'. Names what is broken. Pure. */

import type { CallHistory } from "./history.ts";
import { brokenInLog } from "./invariants.ts";
import { byObject, citedIn, eventOf, isAccepted, keyOf, mayHaveActed } from "./requests.ts";

type Invariant = (history: CallHistory) => string[];

/** Two requests at once come from two objects: the first was lost in between. */
const oneRequestAtATime: Invariant = (history) =>
  byObject(history).flatMap(([object, requests]) =>
    requests.flatMap((request, index) => {
      const before = requests[index - 1];
      return before === undefined || (before.ended_at ?? Number.POSITIVE_INFINITY) <= request.started_at
        ? []
        : [`${object} sent ${keyOf(request)} while ${keyOf(before)} was in flight`];
    }),
  );

const neverBothCombinedAndSeparate: Invariant = ({ received }) => {
  const cited = received.filter(({ body }) => citedIn(body) !== undefined);
  const events = new Set(cited.map(eventOf));
  return events.size <= 1 ? [] : [`they were sent as ${cited.map(({ body }) => body).join(" and ")}`];
};

/** A call has its citations once: in the log that has the accepted ones. */
const citationsStandWhereTheyWereAccepted: Invariant = ({ call, citations }) => {
  const standing = [call, citations].flatMap(({ log }) => {
    const content = log === undefined ? undefined : citedIn(log.payload ?? "{}");
    return content === undefined ? [] : [content];
  });
  if (standing.length > 1) return ["they stand in both logs"];
  const [content = null] = standing;
  const acted = citations.asked.filter(mayHaveActed).map(({ variant }) => variant);
  const foreign = content === null || acted.includes(content) ? [] : [`${content} was never accepted`];
  const others = citations.asked.filter((asked) => isAccepted(asked) && asked.variant !== content);
  return [...foreign, ...others.map(({ variant }) => `${variant} was accepted, and ${content} stands`)];
};

/** Citations are kept unsent only if the call had no URL then, or its report did not want them. */
const onlyCitationsThatAreWantedAreSent: Invariant = ({ call, citations }) => {
  if (call.log === undefined || citations.log === undefined) return [];
  const isWanted =
    JSON.parse(call.log.payload ?? "{}").status === "completed" &&
    citedIn(citations.log.payload ?? "{}") !== null;
  const hadUrl =
    call.log.url !== null && !call.asked.some((asked) => asked.kind === "create" && mayHaveActed(asked));
  if (isWanted && hadUrl && citations.log.url === null) return ["they are wanted, and kept"];
  return !isWanted && citations.log.url !== null ? ["they are not wanted, and sent"] : [];
};

const INVARIANTS = {
  oneRequestAtATime,
  neverBothCombinedAndSeparate,
  citationsStandWhereTheyWereAccepted,
  onlyCitationsThatAreWantedAreSent,
};

/** What was broken, each with the invariant's name and the call. */
export const brokenInvariants = (calls: readonly CallHistory[]): string[] =>
  calls.flatMap((history) =>
    [
      ...[history.call, history.citations].flatMap(brokenInLog),
      ...Object.entries(INVARIANTS).flatMap(([name, invariant]) =>
        invariant(history).map((what) => `${name}: ${what}`),
      ),
    ].map((what) => `call ${history.name}: ${what}`),
  );
