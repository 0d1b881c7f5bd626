/**
 * Holds a batch's attempts to the rates of their endpoints. What has no turn is not attempted: a call that has no slot
 * yet gets one, and one whose slot has come but is crowded out comes back when its turn may be.
 */
import { slotsOf, turnWaits } from "../core/pace.ts";
import { withoutQuery } from "../core/target.ts";
import { attemptKeyText, OPERATIONAL_EVENT } from "../core/webhook-log.ts";
import type { LoadedLog } from "../record/batch-read.ts";
import type { EndpointKey } from "../record/endpoints.ts";
import type { Turns } from "../record/pace.ts";
import type { BatchVerbs } from "./context.ts";
import type { Judged } from "./handle.ts";
import { endpointText } from "./health.ts";

/** The reason of a log that waits for its slot. */
const RATE_LIMITED = "rate_limited";

interface Limited {
  message: Judged;
  log: LoadedLog;
}

/** The due attempts to one endpoint. */
interface Group extends EndpointKey {
  /** Whose slot has come, the earliest first, and a probe. */
  holders: Limited[];
  /** Without a slot, in the order of their messages. */
  newcomers: Limited[];
  /** Calls wait for slots already: a newcomer goes behind them. */
  isQueued: boolean;
}

/** What those messages are told that have no turn now. Rejects if the record is away. */
export async function paceAll(
  judged: readonly Judged[],
  verbs: BatchVerbs,
): Promise<Map<Judged, Judged["admission"]>> {
  const limited = judged.flatMap((message): Limited[] =>
    isLimited(message) && message.log ? [{ message, log: message.log }] : [],
  );
  if (limited.length === 0) return new Map();
  const unmade = await Promise.all(limited.map(async (one) => ((await isUnmade(one, verbs)) ? [one] : [])));
  const now = verbs.now(); // by now the batch's read and the look-ups have taken their time
  const groups = groupsOf(unmade.flat(), now);
  const admissions = new Map<Judged, Judged["admission"]>();
  const over = await takeTurns(groups, { verbs, now, admissions });
  await giveSlots(over, { verbs, now, admissions });
  return admissions;
}

/** Whether an attempt is due to an endpoint that has a rate. */
export const isLimited = ({ key, log, verdict, admission }: Judged): boolean =>
  verdict.kind === "send" &&
  admission === "send" &&
  key.event !== OPERATIONAL_EVENT &&
  log?.endpoint?.settings.rate_per_second != null;

/** An attempt that is under way has had its turn. */
async function isUnmade({ message, log }: Limited, verbs: BatchVerbs): Promise<boolean> {
  const asked = { waitMs: 0, newestOrdinal: log.delivery_ordinal };
  const reply = await verbs.lookUp(message.key, asked).catch(() => null);
  return reply === null || reply.kind === "superseded";
}

function groupsOf(limited: readonly Limited[], now: number): Group[] {
  const byEndpoint = Map.groupBy(limited, ({ log }) => endpointText(keyOf(log)));
  return [...byEndpoint.values()].flatMap((ofOne): Group[] => {
    const [first] = ofOne;
    if (first === undefined) return [];
    // Nothing else is sent to a degraded endpoint: its probe does not wait behind the calls that are parked.
    const isHolder = ({ message, log }: Limited) =>
      log.reason === RATE_LIMITED || log.endpoint?.probe === attemptKeyText(message.key);
    const slotOf = ({ log }: Limited) => log.next_attempt_at ?? 0;
    return [
      {
        ...keyOf(first.log),
        holders: ofOne.filter(isHolder).toSorted((one, other) => slotOf(one) - slotOf(other)),
        newcomers: ofOne.filter((one) => !isHolder(one)),
        isQueued: (first.log.endpoint?.next_slot_at ?? 0) > now,
      },
    ];
  });
}

const keyOf = ({ user_id, url }: LoadedLog): EndpointKey => ({ user_id, url: withoutQuery(url ?? "") });

interface Pacing {
  verbs: BatchVerbs;
  now: number;
  admissions: Map<Judged, Judged["admission"]>;
}

/** Takes a turn for each attempt that may have one. Returns what is left over for slots. */
async function takeTurns(groups: readonly Group[], { verbs, now, admissions }: Pacing) {
  const asking = groups.map((group) => ({
    ...group,
    candidates: group.isQueued ? group.holders : [...group.holders, ...group.newcomers],
  }));
  const asked = asking.flatMap(({ user_id, url, candidates }) =>
    candidates.length === 0 ? [] : [{ user_id, url, count: candidates.length }],
  );
  const turns = asked.length === 0 ? [] : await verbs.takeTurns(asked, now);
  const turnsOf = new Map(turns.map((taken) => [endpointText(taken), taken]));
  return asking.flatMap(({ user_id, url, holders, newcomers, isQueued, candidates }) => {
    const taken = turnsOf.get(endpointText({ user_id, url }));
    if (taken === undefined && candidates.length > 0) return []; // its rate was taken away meanwhile
    const crowdedOut = crowdedOutOf(candidates, taken, now);
    for (const one of holders) {
      const crowdedOutMs = crowdedOut.get(one);
      if (crowdedOutMs !== undefined) admissions.set(one.message, { crowdedOutMs });
    }
    const waiting = newcomers.filter((one) => isQueued || crowdedOut.has(one));
    const isOver = crowdedOut.size + waiting.length > 0;
    return isOver ? [{ user_id, url, unused: crowdedOut.size, waiting }] : [];
  });
}

/** Those that have no turn now, and how long each has to wait for one. */
function crowdedOutOf(candidates: readonly Limited[], taken: Turns | undefined, now: number) {
  if (taken === undefined) return new Map<Limited, number>();
  const { paced_until: pacedUntil, rate_per_second: ratePerSecond } = taken;
  const waits = turnWaits({ pacedUntil, ratePerSecond, count: candidates.length, now });
  const entries = candidates.map((one, index) => [one, waits[index] ?? 0] as const);
  return new Map(entries.filter(([, waitMs]) => waitMs > 0));
}

async function giveSlots(
  over: readonly (EndpointKey & { unused: number; waiting: Limited[] })[],
  { verbs, now, admissions }: Pacing,
): Promise<void> {
  if (over.length === 0) return;
  const asked = over.map(({ waiting, ...rest }) => ({ ...rest, count: waiting.length }));
  const slots = await verbs.giveSlots(asked, now);
  const slotsFor = new Map(slots.map((slot) => [endpointText(slot), slot]));
  for (const { waiting, ...key } of over) {
    const given = slotsFor.get(endpointText(key));
    if (given === undefined) continue;
    const { next_slot_at: nextSlotAt, rate_per_second: ratePerSecond } = given;
    const times = slotsOf({ nextSlotAt, count: waiting.length, ratePerSecond });
    for (const [index, { message }] of waiting.entries())
      admissions.set(message, { slot: times[index] ?? nextSlotAt });
  }
}
