/**
 * Handles one message of a batch: its attempt's outcome, what to write for it, and what happens to the message. It
 * writes and sends nothing itself.
 */

import type { AttemptReply } from "../call/attempt-request.ts";
import { withSettings } from "../core/endpoint-settings.ts";
import { clampDelay, type judgeMessage } from "../core/message.ts";
import { targetRulesOf } from "../core/target.ts";
import { afterFault, dueAt } from "../core/transition.ts";
import { type AttemptKey, attemptKeyText, OPERATIONAL_EVENT } from "../core/webhook-log.ts";
import type { LoadedLog } from "../record/batch-read.ts";
import type { BatchContext } from "./context.ts";
import { type DecidedLog, type Handled, interrupted, recorded, underWay } from "./outcome.ts";
import { ACK, again } from "./settlement.ts";

/** A batch waits this long for an attempt, in milliseconds. */
const WAIT_LIMIT_MS = 2_000;
/** It waits only this long for a degraded endpoint's attempt or an operational webhook: healthy calls wait beside it. */
const SHORT_WAIT_LIMIT_MS = 200;
/**
 * If the object is lost, the attempt is made again after this long, this many times. Then it is recorded as
 * interrupted.
 */
const LOST_SECONDS = 5;
const LOST_REPEATS = 2;
/** While the record takes no writes, a message whose attempt was not made comes back this often. */
const UNSENT_SECONDS = 30;
/** A payload that did not fit into this batch's read is read by the next batch. */
const UNREAD_SECONDS = 0;
/** A log whose hold is over and could not be released is tried again after this long. */
const UNRELEASED_SECONDS = 5;
/** A call without a usable signing secret, or with a header that can't be decrypted, waits until its operator helps. */
const NO_SECRET_SECONDS = 60;

/** A message with what its batch read and decided. */
export interface Judged {
  key: AttemptKey;
  log: LoadedLog | undefined;
  verdict: ReturnType<typeof judgeMessage>;
  /** What its endpoint says to it. A slot is when it comes again. One whose slot has come may be crowded out. */
  admission: "send" | "park" | { slot: number } | { crowdedOutMs: number };
}

/** A log whose attempt can be made now. */
type ReadyLog = DecidedLog & { url: string; payload: string };

/** A message that can't be handled does not affect the others: its log records the round. */
export async function handleMessage(judged: Judged, context: BatchContext): Promise<Handled> {
  try {
    return await handle(judged, context);
  } catch (error) {
    const { key, log } = judged;
    console.error(
      JSON.stringify({ event: "consumer_fault", attempt: attemptKeyText(key), message: String(error) }),
    );
    if (log === undefined || judged.verdict.kind !== "send") return { key, settlement: ACK };
    return recordFault(key, log, { reason: "consumer_fault", context });
  }
}

/**
 * Records one more round in which an attempt could not be processed. The object is asked first: the attempt may have
 * been made all the same. An object that can't be asked counts as one that does not know.
 */
export async function recordFault(
  key: AttemptKey,
  log: LoadedLog,
  { reason, context }: { reason: string; context: BatchContext },
): Promise<Handled> {
  const { rules, now } = context;
  const next = afterFault({ attempts: log.attempts, faults: log.faults, reason, rules, now });
  const noted: Handled = { key, settlement: ACK, write: { kind: "fault", fault: { key, next }, log } };
  const unknown = next.status === "failed" ? cutOffOr(key, log, { context, otherwise: noted }) : noted;
  try {
    return await lookUpOr(key, log, { context, waitMs: 0, unknown });
  } catch {
    return unknown;
  }
}

async function handle({ key, log, verdict, admission }: Judged, context: BatchContext): Promise<Handled> {
  if (verdict.kind === "early") return { key, settlement: again(verdict.delaySeconds) };
  if (verdict.kind === "stale" || log === undefined) return { key, settlement: ACK };
  if (verdict.kind === "closed") {
    return lookUpOr(key, log, { context, waitMs: WAIT_LIMIT_MS, unknown: { key, settlement: ACK } });
  }
  const { url, send_type, payload } = log;
  if (!url || !send_type) return { key, settlement: ACK };
  if (!context.mayAttempt) {
    const unknown = { key, settlement: again(UNSENT_SECONDS) };
    return lookUpOr(key, log, { context, waitMs: 0, unknown });
  }
  if (log.status === "held") return { key, settlement: again(UNRELEASED_SECONDS) };
  if (admission === "park") {
    const parking: Handled = { key, settlement: ACK, write: { kind: "parking", log } };
    const isOver = log.endpoint?.state === "disabled";
    const unknown = isOver ? cutOffOr(key, log, { context, otherwise: parking }) : parking;
    return lookUpOr(key, log, { context, waitMs: 0, unknown });
  }
  if (admission !== "send" && "crowdedOutMs" in admission) {
    const seconds = Math.ceil(admission.crowdedOutMs / 1_000);
    return { key, settlement: again(clampDelay(Math.max(1, seconds))) };
  }
  if (admission !== "send") {
    const slot = { key, ...dueAt(admission.slot, context.rules) };
    return { key, settlement: ACK, write: { kind: "slot", slot } };
  }
  if (payload === null) return { key, settlement: again(UNREAD_SECONDS) };
  return attemptNow(key, { ...log, url, payload, send_type }, context);
}

/**
 * For a log that gives up the attempt it waits for. If that attempt was cut off it may have been sent. Then it is
 * recorded, and the log gives up the next one if it still has to.
 */
function cutOffOr(
  key: AttemptKey,
  log: LoadedLog,
  { context, otherwise }: { context: BatchContext; otherwise: Handled },
): Handled {
  const { send_type, losses } = log;
  if (losses === 0 || !send_type) return otherwise;
  return recorded(key, log, { entry: interrupted({ ...log, send_type }, context.verbs.now()), context });
}

/**
 * For an attempt that is not to be made any more. It may have been under way when that was decided, and then belongs
 * into the log's history. `unknown` is the result if its object does not know it.
 */
async function lookUpOr(
  key: AttemptKey,
  log: LoadedLog,
  { context, waitMs, unknown }: { context: BatchContext; waitMs: number; unknown: Handled },
): Promise<Handled> {
  const asked = { waitMs, newestOrdinal: log.delivery_ordinal };
  const reply = await context.verbs.lookUp(key, asked).catch(() => null);
  if (reply === null) return { key, settlement: again(LOST_SECONDS) };
  if (reply.kind === "under_way") return { key, settlement: underWay(reply) };
  return reply.kind === "made" ? recorded(key, log, { entry: reply.entry, context }) : unknown;
}

async function attemptNow(key: AttemptKey, log: ReadyLog, context: BatchContext): Promise<Handled> {
  const { rules, verbs } = context;
  const secrets = await verbs.decryptSecrets(log);
  if (secrets === null) {
    console.error(`No usable signing secret for org ${log.user_id}: its webhooks wait.`);
    return { key, settlement: again(NO_SECRET_SECONDS) };
  }
  const headers = await verbs.decryptHeaders(log);
  if (headers === null) {
    console.error(`A header of an endpoint of org ${log.user_id} can't be decrypted: its webhooks wait.`);
    return { key, settlement: again(NO_SECRET_SECONDS) };
  }
  const { delivery_ordinal, send_type, webhook_id, url, payload, last_sent_at } = log;
  const isPatient = log.endpoint?.state !== "degraded" && key.event !== OPERATIONAL_EVENT;
  const waitMs = isPatient ? WAIT_LIMIT_MS : SHORT_WAIT_LIMIT_MS;
  const settings = log.endpoint?.settings;
  const timeoutMs = withSettings(rules, settings).deliveryTimeoutMs;
  const limits = { timeoutMs, waitMs, targetRules: targetRulesOf(rules) };
  const request = {
    key,
    delivery_ordinal,
    send_type,
    webhook_id,
    url,
    payload,
    secrets,
    last_sent_at,
    ...limits,
    ...(settings?.signature_header && { signature_header: settings.signature_header }),
    ...(settings?.headers && { headers }),
  };
  const reply = await verbs.attempt(request).catch((error: unknown) => ({ kind: "lost", error }) as const);
  return replied(key, log, { reply, context });
}

function replied(
  key: AttemptKey,
  log: ReadyLog,
  { reply, context }: { reply: AttemptReply | { kind: "lost"; error: unknown }; context: BatchContext },
): Handled {
  switch (reply.kind) {
    case "made":
      return recorded(key, log, { entry: reply.entry, context });
    case "superseded":
      return { key, settlement: ACK };
    case "under_way":
      return { key, settlement: underWay(reply) };
    case "lost":
      console.warn(`The object of call ${key.call_id} was lost during attempt ${key.attempt}.`, reply.error);
      if (log.losses < LOST_REPEATS) {
        const loss = { key, losses: log.losses + 1 };
        return { key, settlement: again(LOST_SECONDS), write: { kind: "loss", loss } };
      }
      return recorded(key, log, { entry: interrupted(log, context.verbs.now()), context });
  }
}
