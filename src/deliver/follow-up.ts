/**
 * What follows once a batch is written: the messages of what took effect, endpoints that are judged again, and calls
 * that are released. What fails here is made up for by the sweep, or by an endpoint's next attempt.
 */
import { secondsUntil } from "../core/message.ts";
import { type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import type { EndpointChange, EndpointKey } from "../record/endpoints.ts";
import type { Release, Wake } from "../record/parked.ts";
import { NOTHING, type Written } from "../record/results.ts";
import type { BatchRules, BatchVerbs } from "./context.ts";
import {
  changesOf,
  type endpointsOf,
  endpointText,
  operationalWebhooksOf,
  releasesOf,
  waitingAt,
} from "./health.ts";
import type { Handled } from "./outcome.ts";

/** If another batch changed an endpoint since the read, the endpoint is judged again this many times. */
const JUDGEMENT_LIMIT = 3;

/** What a batch wrote, and what of it took effect. */
interface Wrote {
  handled: readonly Handled[];
  /** The texts of the attempts whose log moved on. */
  moved: ReadonlySet<string>;
  written: Written;
  observed: ReturnType<typeof endpointsOf>;
  endpoints: EndpointChange[];
}

export async function followUp(wrote: Wrote, rules: BatchRules, verbs: BatchVerbs): Promise<void> {
  const { handled, moved, written } = wrote;
  await enqueue(successorsOf(handled, { moved, notified: written.notified, now: verbs.now() }), verbs);
  await enqueueWakes([...written.waking, ...movedWakes(wrote)], verbs);
  await followUpEndpoints(wrote, rules, verbs);
}

/** The follow-up messages of what took effect: next attempts, calls with a slot, and operational webhooks. */
function successorsOf(
  handled: readonly Handled[],
  { moved, notified, now }: { moved: ReadonlySet<string>; notified: readonly AttemptKey[]; now: number },
) {
  const later = (key: AttemptKey, at: number | null) =>
    at === null ? [] : [{ key, delaySeconds: secondsUntil(at, now) }];
  const following = handled.flatMap(({ key, write }) => {
    if (!moved.has(attemptKeyText(key))) return [];
    if (write?.kind === "slot") return later(key, write.slot.next_attempt_at);
    if (write?.kind === "fault") return later(key, write.fault.next.next_attempt_at);
    if (write?.kind !== "result" || write.result.next.parked !== null) return [];
    return later({ ...key, attempt: key.attempt + 1 }, write.result.next.next_attempt_at);
  });
  return [...following, ...notified.map(atOnce)];
}

const atOnce = (key: AttemptKey) => ({ key, delaySeconds: 0 });

/** The new times at which endpoints wake whose state changed. */
const movedWakes = ({ observed, endpoints, written }: Omit<Wrote, "handled" | "moved">): Wake[] =>
  written.changed.flatMap(({ version, user_id, url, wake_at }) => {
    const change = endpoints.find((one) => one.version === version);
    const before = observed.find((one) => endpointText(one) === endpointText({ user_id, url }));
    const hasMoved = before?.endpoint?.state !== change?.health.state && wake_at !== null;
    return hasMoved ? [{ user_id, url, wake_at }] : [];
  });

async function enqueueWakes(waking: readonly Wake[], verbs: BatchVerbs): Promise<void> {
  const now = verbs.now();
  const wakes = waking.map(({ wake_at, ...endpoint }) => ({
    endpoint,
    delaySeconds: secondsUntil(wake_at, now),
  }));
  try {
    if (wakes.length > 0) await verbs.enqueueWakes(wakes);
  } catch (error) {
    console.warn("The queue did not take the messages of endpoints that wake; the sweep will.", error);
  }
}

async function enqueue(successors: ReturnType<typeof successorsOf>, verbs: BatchVerbs): Promise<void> {
  try {
    if (successors.length > 0) await verbs.enqueue(successors);
  } catch (error) {
    console.warn("The queue did not take a batch's retries; the sweep will.", error);
  }
}

/** Judges an endpoint again if another batch changed it, and releases calls at endpoints that take them. */
async function followUpEndpoints(
  { written, ...first }: Pick<Wrote, "written" | "observed" | "endpoints">,
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<void> {
  let { observed, endpoints } = first;
  let { changed } = written;
  const releases: Release[] = [];
  try {
    for (let judgement = 1; observed.length > 0; judgement++) {
      const versions = new Set(changed.map(({ version }) => version));
      const taken = endpoints.filter(({ version }) => versions.has(version));
      const lost = new Set(endpoints.filter((change) => !taken.includes(change)).map(endpointText));
      const isLost = (endpoint: EndpointKey) => lost.has(endpointText(endpoint));
      releases.push(
        ...releasesOf(
          observed.filter((one) => !isLost(one)),
          taken,
        ),
      );
      observed = observed.filter(isLost);
      if (observed.length === 0 || judgement === JUDGEMENT_LIMIT) break;
      const current = await verbs.readEndpoints(observed.map(({ user_id, url }) => ({ user_id, url })));
      observed = observed.flatMap((one, index) => {
        const endpoint = current[index] ?? null;
        const isForgotten = one.endpoint !== null && endpoint === null;
        return isForgotten ? [] : [{ ...one, endpoint }];
      });
      const context = { rules, now: verbs.now(), newId: verbs.newId };
      endpoints = changesOf(observed, context);
      const waiting = await waitingAt({ observed, endpoints }, verbs);
      const operationalWebhooks = operationalWebhooksOf(
        { outcomes: [], observed, endpoints, waiting },
        context,
      );
      const again = await verbs.write({ ...NOTHING, endpoints, operationalWebhooks, now: context.now });
      changed = again.changed;
      await enqueueWakes(movedWakes({ observed, endpoints, written: again }), verbs);
      await enqueue(again.notified.map(atOnce), verbs);
    }
    if (releases.length > 0) {
      const released = await verbs.release(releases);
      const waited = released.map((key) => ({ ...atOnce(key), hasWaited: true }));
      await enqueue(waited, verbs);
    }
  } catch (error) {
    console.warn("An endpoint's health could not be written; its next attempt will.", error);
  }
}
