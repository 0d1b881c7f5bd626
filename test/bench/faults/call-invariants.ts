/** What must hold for every call over both of its logs, the webhook's and the citations'. Names what is broken. Pure. */

import { ERASURE_INVARIANTS } from "./erasure-invariants.ts";
import type { CallHistory, History } from "./history.ts";
import { brokenInLog } from "./invariants.ts";
import { brokenInRequests } from "./request-invariants.ts";
import { byObject, citedIn, contentOf, eventOf, isAccepted, keyOf, mayHaveActed } from "./requests.ts";

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
  const contents = [call, citations].map(contentOf);
  const standing = contents.flatMap((content) => {
    const cited = citedIn(content ?? "{}");
    return cited === undefined ? [] : [cited];
  });
  if (standing.length > 1) return ["they stand in both logs"];
  if (call.isErased || contents.includes(null)) return [];
  const [content = null] = standing;
  const acted = citations.asked.filter(mayHaveActed).map(({ variant }) => variant);
  const foreign = content === null || acted.includes(content) ? [] : [`${content} was never accepted`];
  const others = citations.asked.filter((asked) => isAccepted(asked) && asked.variant !== content);
  return [...foreign, ...others.map(({ variant }) => `${variant} was accepted, and ${content} stands`)];
};

/** Citations are kept unsent only if the call had no URL then, or its report did not want them. */
const onlyCitationsThatAreWantedAreSent: Invariant = ({ call, citations }) => {
  const [content, cited] = [call, citations].map(contentOf);
  if (call.log === undefined || citations.log === undefined || !content || !cited) return [];
  const isWanted = JSON.parse(content).status === "completed" && citedIn(cited) !== null;
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
  ...ERASURE_INVARIANTS,
};

/** What was broken, each with the invariant's name and, where it is one's, the call. */
export const brokenInvariants = ({ calls, asked, foreign }: History): string[] => [
  ...foreign.map((body) => `nothingIsSentWithoutABody: ${JSON.stringify(body)} was sent`),
  ...brokenInRequests(asked),
  ...calls.flatMap((history) =>
    [
      ...[history.call, history.citations].flatMap(brokenInLog),
      ...Object.entries(INVARIANTS).flatMap(([name, invariant]) =>
        invariant(history).map((what) => `${name}: ${what}`),
      ),
    ].map((what) => `call ${history.name}: ${what}`),
  ),
];
