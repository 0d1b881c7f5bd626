/** What must hold for a call that is erased, or whose payload is. Each invariant names what broke it, or nothing. Pure. */
import type { CallHistory } from "./history.ts";

type Invariant = (history: CallHistory) => string[];

const logsOf = ({ call, citations }: CallHistory) => [call, citations].flatMap(({ log }) => log ?? []);

const anErasedCallIsGone: Invariant = (history) =>
  history.erasedAt === null
    ? []
    : logsOf(history).map(({ event }) => `its erasure was answered, and ${event} is there`);

const aCallIsErasedWhole: Invariant = ({ call, citations }) =>
  call.isErased && citations.log !== undefined ? ["it is erased, and its citations are there"] : [];

/**
 * Once an erasure is answered no attempt begins. Only a batch that had read the call before, and whose call's object was
 * lost since it was closed, does not know.
 */
const nothingIsSentOfAnErasedCall: Invariant = ({ erasedAt, begun }) =>
  erasedAt === null
    ? []
    : begun
        .filter(({ at, isClosed, askedBy }) => at > erasedAt && (isClosed || askedBy > erasedAt))
        .map(({ key, object }) => `${object} began ${key} after its erasure was answered`);

const onlyWhatIsDeliveredLosesItsPayload: Invariant = (history) =>
  logsOf(history)
    .filter(({ payload, url, status }) => payload === null && url !== null && status !== "delivered")
    .map(({ event, status }) => `the payload of ${event} is erased, and it is ${status}`);

const whatIsDeliveredLosesItsPayloadInTheEnd: Invariant = (history) => {
  const logs = logsOf(history);
  if (!history.isToBeErased || logs.some(({ parked }) => parked !== null)) return [];
  return logs
    .filter(({ payload, status }) => payload !== null && status === "delivered")
    .map(({ event }) => `${event} still has its payload, and was delivered`);
};

export const ERASURE_INVARIANTS = {
  anErasedCallIsGone,
  aCallIsErasedWhole,
  nothingIsSentOfAnErasedCall,
  onlyWhatIsDeliveredLosesItsPayload,
  whatIsDeliveredLosesItsPayloadInTheEnd,
};
