/**
 * Handles one batch of messages: one read, each call's object makes its attempt, one write of all results, then the
 * follow-up messages. It gets functions instead of an environment, so it runs under any runtime. It returns what
 * happens to each message and acks none itself. What an attempt means is decided in `core`.
 */
import { type Admission, admit, probeUntil } from "../core/endpoint.ts";
import { withSettings } from "../core/endpoint-settings.ts";
import { judgeMessage } from "../core/message.ts";
import { withoutQuery } from "../core/target.ts";
import { type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import type { EndpointChange, EndpointKey } from "../record/endpoints.ts";
import { NOTHING, type Written } from "../record/results.ts";
import type { BatchRules, BatchVerbs } from "./context.ts";
import { type Handled, handleMessage, type Judged } from "./handle.ts";
import { changesOf, endpointsOf, operationalWebhooksOf, operationalWebhooksOfFaults } from "./health.ts";
import { again, type Settlement } from "./settlement.ts";

const UNREADABLE_SECONDS = 5;
const UNDECIDED_SECONDS = 5;
/** By then the write was tried for 5 s. The attempt is still in its object's memory, which lasts some 10 s. */
const UNWRITABLE_SECONDS = 2;
/** An attempt that could not be deferred because its log or endpoint changed since the read is judged again. */
const CHANGED_SECONDS = 1;
/** If another batch changed an endpoint since the read, the endpoint is judged again this many times. */
const JUDGEMENT_LIMIT = 3;

/** Handles each key once, even if several messages name it. Returns what happens to each message. */
export async function deliverBatch(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  return settleAll(await handleAll(eachOnce(keys), rules, verbs), rules, verbs);
}

export const eachOnce = (keys: readonly AttemptKey[]): AttemptKey[] => [
  ...new Map(keys.map((key) => [attemptKeyText(key), key])).values(),
];

/** Writes the results, sends the follow-up messages, and returns what happens to each message. */
export async function settleAll(
  handled: readonly Handled[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  const settled = await writeAll(handled, rules, verbs);
  const settlements = new Map(settled.map(({ key, settlement }) => [attemptKeyText(key), settlement]));
  // An undecided message comes back. If it were acked, its attempt would wait for the sweep.
  return (key) => settlements.get(attemptKeyText(key)) ?? again(UNDECIDED_SECONDS);
}

async function handleAll(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<Handled[]> {
  if (keys.length === 0) return [];
  let judged: Judged[];
  const now = verbs.now();
  try {
    judged = await judgeAll(keys, rules, { verbs, now });
  } catch (error) {
    console.error("A batch could not be read; its messages come back.", error);
    return keys.map((key) => ({ key, settlement: again(UNREADABLE_SECONDS) }));
  }
  const mayAttempt = await verbs.takesWrites();
  return Promise.all(judged.map((message) => handleMessage(message, { rules, verbs, now, mayAttempt })));
}

/** Reads the logs, and decides which attempts are due and which are deferred because of their endpoint. */
async function judgeAll(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  { verbs, now }: { verbs: BatchVerbs; now: number },
): Promise<Judged[]> {
  const logs = await verbs.read(keys);
  const judged = keys.map((key, index): Judged => {
    const log = logs[index];
    const verdict = judgeMessage(key, log, now);
    const { endpoint = null, send_type } = log ?? {};
    const attemptLimit = withSettings(rules, endpoint?.settings).retryScheduleMs.length + 1;
    const admission: Admission =
      verdict.kind === "send" && send_type && !log?.is_test
        ? admit({ endpoint, key, send_type, attemptLimit, now })
        : "send";
    return { key, log, verdict, admission };
  });
  const claims = judged.flatMap(({ key, log, admission }) =>
    admission === "probe" && log?.url
      ? [
          {
            user_id: key.user_id,
            url: withoutQuery(log.url),
            probe: attemptKeyText(key),
            until: probeUntil(now, withSettings(rules, log.endpoint?.settings).deliveryTimeoutMs),
          },
        ]
      : [],
  );
  if (claims.length === 0) return judged;
  const first = [...Map.groupBy(claims, endpointText).values()].flatMap(([claim]) => claim ?? []);
  const probes = await verbs.claimProbes(first).catch((error: unknown) => {
    console.error("No probe could be claimed; the rest of the batch goes on.", error);
    return new Set<string>();
  });
  return judged.map((message) =>
    message.admission === "probe" && !probes.has(attemptKeyText(message.key))
      ? { ...message, admission: "defer" }
      : message,
  );
}

const endpointText = ({ user_id, url }: EndpointKey): string => `${user_id} ${url}`;

/** Writes the results, follows up on what took effect, and returns the settlements that then hold. */
async function writeAll(
  handled: readonly Handled[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<Handled[]> {
  const writes = handled.flatMap(({ write }) => write ?? []);
  if (writes.length === 0) return [...handled];
  const outcomes = writes.flatMap((write) => (write.kind === "result" ? [write] : []));
  const faulted = writes.flatMap((write) => (write.kind === "fault" ? [write] : []));
  const context = { rules, now: verbs.now(), newId: verbs.newId };
  const observed = endpointsOf(outcomes);
  const endpoints = changesOf(observed, context);
  let written: Written;
  try {
    written = await verbs.write({
      results: outcomes.map(({ result }) => result),
      losses: writes.flatMap((write) => (write.kind === "loss" ? [write.loss] : [])),
      faults: faulted.map(({ fault }) => fault),
      deferred: writes.flatMap((write) => (write.kind === "deferral" ? [write.deferral] : [])),
      disabled: handled.flatMap(({ key, write }) => (write?.kind === "disabling" ? [key] : [])),
      endpoints,
      operationalWebhooks: [
        ...operationalWebhooksOf({ outcomes, observed, endpoints }, context),
        ...operationalWebhooksOfFaults(faulted, context),
      ],
    });
  } catch (error) {
    console.error("A batch's results could not be written; its messages come back.", error);
    return handled.map((message) =>
      message.write === undefined ? message : { ...message, settlement: again(UNWRITABLE_SECONDS) },
    );
  }
  const moved = new Set(written.moved.map(attemptKeyText));
  const unappended = new Set(written.unappended.map(attemptKeyText));
  await enqueue(successorsOf(handled, { moved, notified: written.notified, now: verbs.now() }), verbs);
  await followUpEndpoints({ observed, endpoints, versions: written.versions }, rules, verbs);
  return handled.map((message) => {
    if (unappended.has(attemptKeyText(message.key)))
      return { ...message, settlement: again(UNWRITABLE_SECONDS) };
    const isDeferred = message.write?.kind === "deferral" || message.write?.kind === "disabling";
    const isStillDue = isDeferred && !moved.has(attemptKeyText(message.key));
    return isStillDue ? { ...message, settlement: again(CHANGED_SECONDS) } : message;
  });
}

/** The follow-up messages of what took effect: next attempts, deferred attempts and operational webhooks. */
function successorsOf(
  handled: readonly Handled[],
  { moved, notified, now }: { moved: ReadonlySet<string>; notified: readonly AttemptKey[]; now: number },
) {
  const later = (key: AttemptKey, at: number | null) =>
    at === null ? [] : [{ key, delaySeconds: Math.max(0, Math.ceil((at - now) / 1_000)) }];
  const following = handled.flatMap(({ key, write }) => {
    if (!moved.has(attemptKeyText(key))) return [];
    if (write?.kind === "deferral") return later(key, write.deferral.next_attempt_at);
    if (write?.kind === "fault") return later(key, write.fault.next.next_attempt_at);
    if (write?.kind !== "result") return [];
    return later({ ...key, attempt: key.attempt + 1 }, write.result.next.next_attempt_at);
  });
  return [...following, ...notified.map((key) => ({ key, delaySeconds: 0 }))];
}

async function enqueue(successors: ReturnType<typeof successorsOf>, verbs: BatchVerbs): Promise<void> {
  try {
    if (successors.length > 0) await verbs.enqueue(successors);
  } catch (error) {
    console.warn("The queue did not take a batch's retries; the sweep will.", error);
  }
}

/** Judges an endpoint again if another batch changed it, and releases the calls parked at endpoints that recovered. */
async function followUpEndpoints(
  first: { observed: ReturnType<typeof endpointsOf>; endpoints: EndpointChange[]; versions: string[] },
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<void> {
  let { observed, endpoints, versions } = first;
  let isReleasing = false;
  try {
    for (let judgement = 1; endpoints.length > 0; judgement++) {
      const taken = new Set(versions);
      isReleasing ||= endpoints.some(({ releasing, version }) => releasing && taken.has(version));
      const lost = new Set(endpoints.filter(({ version }) => !taken.has(version)).map(endpointText));
      observed = observed.filter((endpoint) => lost.has(endpointText(endpoint)));
      if (observed.length === 0 || judgement === JUDGEMENT_LIMIT) break;
      const current = await verbs.readEndpoints(observed.map(({ user_id, url }) => ({ user_id, url })));
      observed = observed.map((endpoint, index) => ({ ...endpoint, endpoint: current[index] ?? null }));
      const context = { rules, now: verbs.now(), newId: verbs.newId };
      endpoints = changesOf(observed, context);
      const operationalWebhooks = operationalWebhooksOf({ outcomes: [], observed, endpoints }, context);
      const written = await verbs.write({ ...NOTHING, endpoints, operationalWebhooks });
      versions = written.versions;
      await enqueue(
        written.notified.map((key) => ({ key, delaySeconds: 0 })),
        verbs,
      );
    }
    if (isReleasing) await verbs.release();
  } catch (error) {
    console.warn("An endpoint's health could not be written; its next attempt will.", error);
  }
}
