/**
 * Holds a batch's attempts to the rates of their endpoints. What has no turn is not attempted: its call gets a slot, or
 * comes back in a moment if it has one and is only crowded out.
 */
import { slotsOf, turnsOf } from "../core/pace.ts";
import { withoutQuery } from "../core/target.ts";
import { attemptKeyText, OPERATIONAL_EVENT } from "../core/webhook-log.ts";
import type { LoadedLog } from "../record/batch-read.ts";
import type { EndpointKey } from "../record/endpoints.ts";
import type { BatchVerbs } from "./context.ts";
import type { Judged } from "./handle.ts";
import { endpointText } from "./health.ts";

/** The reason of a log that waits for its slot. */
const RATE_LIMITED = "rate_limited";
/** Who has a slot and is crowded out for longer than this gets another one, in milliseconds. */
const CROWDED_OUT_MS = 5_000;
/** What could not be paced comes back after this long. */
const UNPACED: Judged["admission"] = { crowdedOutMs: 5_000 };

interface Limited {
  message: Judged;
  log: LoadedLog;
}

/** The due attempts to one endpoint. */
interface Group extends EndpointKey {
  ratePerSecond: number;
  /** Whose slot has come, the earliest first. */
  holders: Limited[];
  /** Without a slot, in the order of their messages. */
  newcomers: Limited[];
  /** Calls wait for slots already: a newcomer goes behind them. */
  isQueued: boolean;
}

type Admissions = Map<Judged, Judged["admission"]>;

/**
 * Takes turns, and tells for each message what it is admitted to. Those that have their turn are told at once; the
 * others once they have a slot.
 */
export async function paceAll(
  judged: readonly Judged[],
  verbs: BatchVerbs,
): Promise<(message: Judged) => Promise<Judged["admission"]>> {
  const limited = judged.flatMap((message): Limited[] =>
    isLimited(message) && message.log ? [{ message, log: message.log }] : [],
  );
  if (limited.length === 0) return async ({ admission }) => admission;
  const unmade = await Promise.all(limited.map(async (one) => ((await isUnmade(one, verbs)) ? [one] : [])));
  const now = verbs.now(); // by now the batch's read and the look-ups have taken their time
  const admissions: Admissions = new Map();
  const over = await takeTurns(groupsOf(unmade.flat(), now), { verbs, now, admissions });
  const slots = giveSlots(over, { verbs, now });
  const waiting = new Set(over.flatMap((group) => group.waiting.map(({ message }) => message)));
  return async (message) =>
    (waiting.has(message) ? (await slots).get(message) : admissions.get(message)) ?? message.admission;
}

/**
 * Whether an attempt is due to an endpoint that has a rate, and can be made. The probe of a degraded endpoint, to which
 * nothing else is sent, waits for no turn.
 */
export const isLimited = ({ key, log, verdict, admission }: Judged): boolean =>
  verdict.kind === "send" &&
  admission === "send" &&
  key.event !== OPERATIONAL_EVENT &&
  log?.endpoint?.settings.rate_per_second != null &&
  log.payload !== null &&
  log.status !== "held" &&
  !(log.endpoint.state === "degraded" && log.endpoint.probe === attemptKeyText(key));

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
    const ratePerSecond = first?.log.endpoint?.settings.rate_per_second;
    if (first === undefined || ratePerSecond == null) return [];
    const isHolder = ({ log }: Limited) => log.reason === RATE_LIMITED;
    const slotOf = ({ log }: Limited) => log.next_attempt_at ?? 0;
    return [
      {
        ...keyOf(first.log),
        ratePerSecond,
        holders: ofOne.filter(isHolder).toSorted((one, other) => slotOf(one) - slotOf(other)),
        newcomers: ofOne.filter((one) => !isHolder(one)),
        isQueued: (first.log.endpoint?.next_slot_at ?? 0) > now,
      },
    ];
  });
}

const keyOf = ({ user_id, url }: LoadedLog): EndpointKey => ({ user_id, url: withoutQuery(url ?? "") });

/** The calls of one endpoint that wait for slots, in their order. */
interface Over extends EndpointKey {
  ratePerSecond: number;
  waiting: Limited[];
}

/** Takes a turn for each attempt that may have one. Returns those that are to get slots. */
async function takeTurns(
  groups: readonly Group[],
  { verbs, now, admissions }: { verbs: BatchVerbs; now: number; admissions: Admissions },
): Promise<Over[]> {
  const asking = groups.map((group) => ({
    ...group,
    candidates: group.isQueued ? group.holders : [...group.holders, ...group.newcomers],
  }));
  const asked = asking.flatMap(({ user_id, url, ratePerSecond, candidates }) =>
    candidates.length === 0 ? [] : [{ user_id, url, ratePerSecond, count: candidates.length }],
  );
  const taken = asked.length === 0 ? [] : await verbs.takeTurns(asked, now);
  const takenOf = new Map(taken.map((turns) => [endpointText(turns), turns]));
  return asking.map(({ user_id, url, ratePerSecond, holders, newcomers, isQueued, candidates }) => {
    const pacedUntil = takenOf.get(endpointText({ user_id, url }))?.paced_until;
    const { granted, waitsMs } =
      pacedUntil === undefined
        ? { granted: 0, waitsMs: [] }
        : turnsOf({ pacedUntil, count: candidates.length, ratePerSecond, now });
    const waiting = isQueued ? [...newcomers] : newcomers.slice(Math.max(0, granted - holders.length));
    const displaced: Limited[] = [];
    for (const [index, one] of holders.slice(granted).entries()) {
      const crowdedOutMs = waitsMs[index] ?? CROWDED_OUT_MS; // its rate has changed: it is judged anew
      if (crowdedOutMs > CROWDED_OUT_MS) displaced.push(one);
      else admissions.set(one.message, { crowdedOutMs });
    }
    return { user_id, url, ratePerSecond, waiting: [...displaced, ...waiting] };
  });
}

async function giveSlots(
  over: readonly Over[],
  { verbs, now }: { verbs: BatchVerbs; now: number },
): Promise<Admissions> {
  const asked = over.flatMap(({ waiting, ...key }) =>
    waiting.length === 0 ? [] : [{ ...key, count: waiting.length }],
  );
  const given = asked.length === 0 ? [] : await verbs.giveSlots(asked, now).catch(withoutSlots);
  const slotsFor = new Map(given.map((slots) => [endpointText(slots), slots]));
  const admissions: Admissions = new Map();
  for (const { waiting, ratePerSecond, ...key } of over) {
    const nextSlotAt = slotsFor.get(endpointText(key))?.next_slot_at;
    const times =
      nextSlotAt === undefined ? [] : slotsOf({ nextSlotAt, count: waiting.length, ratePerSecond });
    for (const [index, { message }] of waiting.entries()) {
      const slot = times[index];
      admissions.set(message, slot === undefined ? UNPACED : { slot });
    }
  }
  return admissions;
}

function withoutSlots(error: unknown): never[] {
  console.error("No slots could be given; the calls come back.", error);
  return [];
}

/** For a batch whose turns could not be taken. */
export function unpaced(error: unknown): (message: Judged) => Promise<Judged["admission"]> {
  console.error("No turns could be taken; calls of endpoints with a rate come back.", error);
  return async (message) => (isLimited(message) ? UNPACED : message.admission);
}
