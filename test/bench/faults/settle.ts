/** Ends a program: what is still to come of it comes, without further faults, until nothing is due. */
import { env } from "cloudflare:workers";
import type { Asked } from "./asking.ts";
import type { Luck } from "./program.ts";
import { mayHaveActed } from "./requests.ts";
import { deliver, request, sweep } from "./runs.ts";
import type { World } from "./world.ts";

const NO_LUCK: Luck = { faults: [], skewMs: 0 };
/** A program that takes more steps than this never comes to rest. */
const SETTLING_ROUNDS = 200;
/** A receiver that fails for good has its endpoint disabled after five days: so much passes at these steps. */
const AGES_MS: Record<number, number> = { 50: 13 * 3_600_000, 75: 5 * 86_400_000 };
const SWEEP_GRACE_MS = 60_000;
/** That the org is suspended is remembered with its key for as long, in milliseconds. */
const KEY_MEMORY_MS = 31_000;
/** A call of which something was due keeps its payload until the next day. */
const ERASURE_MS = 25 * 3_600_000;

/** An object without work is gone after this long, in milliseconds. */
const RETIREMENT_MS = 12_000;

/**
 * Ends the program without further faults: held requests are answered, and late and stalled operations take effect
 * once all is at rest and no object remembers it.
 */
export async function settle(world: World): Promise<void> {
  world.takeWrites();
  await world.receiver.answer({ fromNowOn: true });
  await endSuspension(world);
  await eraseAgain(world);
  await comeToRest(world);
  world.pass(RETIREMENT_MS);
  world.objects.retire();
  await world.wake();
  for (const work of world.late.splice(0)) await work().catch(() => {});
  await endSuspension(world);
  await comeToRest(world);
  if (!wasAsked(world, "erase_delivered")) return;
  world.pass(ERASURE_MS);
  await sweep(world, NO_LUCK);
}

const wasAsked = ({ asked }: World, kind: Asked["kind"]): boolean => asked.some((one) => one.kind === kind);

/** Only if the org is suspended: else its sweeps have to wake what an answer that was lost did not. */
async function endSuspension(world: World): Promise<void> {
  if (!wasAsked(world, "suspend")) return;
  const state = await env.DB.prepare("SELECT suspended_at FROM orgs WHERE user_id = ?")
    .bind(world.org.user_id)
    .first<number>("suspended_at");
  if (state !== null) await request(world, { kind: "unsuspend", luck: NO_LUCK });
  world.pass(KEY_MEMORY_MS);
}

/** Asks again for those erasures that are to be and got no answer. */
async function eraseAgain(world: World): Promise<void> {
  for (const call of world.toEraseAgain) {
    const erasures = world.asked.filter(({ kind, calls }) => kind === "erase" && calls[0] === call);
    const isOpen = erasures.some(mayHaveActed) && !erasures.some(({ status }) => status === 200);
    if (isOpen) await request(world, { kind: "erase", call, isRepeated: true, luck: NO_LUCK });
  }
}

/** Messages and sweeps go on until nothing is due. A pause is ended. */
async function comeToRest(world: World): Promise<void> {
  for (let round = 0; round < SETTLING_ROUNDS; round++) {
    world.pass(AGES_MS[round] ?? 0);
    const messages = world.queue.takeNext();
    if (messages !== null) {
      world.pass(Math.max(0, Math.max(...messages.map(({ dueAt }) => dueAt)) - world.now()));
      await deliver(world, messages, NO_LUCK);
      continue;
    }
    const sweepAt = await nextSweep(world);
    if (sweepAt === null && !(await isPaused(world))) return;
    if (sweepAt === null) {
      await request(world, { kind: "enable", redeliver: true, luck: NO_LUCK });
      continue;
    }
    world.pass(Math.max(0, sweepAt - world.now()));
    await sweep(world, NO_LUCK);
  }
}

const isPaused = async (world: World): Promise<boolean> =>
  (await env.DB.prepare("SELECT 1 FROM endpoints WHERE user_id = ? AND state = 'paused'")
    .bind(world.org.user_id)
    .first()) !== null;

/** An org that was unsuspended may have endpoints to wake. A log without a time of its own is found by the walk once it was created that long ago. */
const nextSweep = (world: World) =>
  env.DB.prepare(
    `SELECT min(at) AS at FROM (
       SELECT coalesce(sweep_at, max(created_at, next_attempt_at) + ${SWEEP_GRACE_MS}) AS at FROM webhook_logs
       WHERE user_id = ?1 AND next_attempt_at IS NOT NULL
       UNION ALL SELECT wake_at + ${SWEEP_GRACE_MS} FROM endpoints WHERE user_id = ?1 AND wake_at IS NOT NULL
       UNION ALL SELECT 0 FROM orgs WHERE user_id = ?1 AND woken_to IS NOT NULL)`,
  )
    .bind(world.org.user_id)
    .first<number>("at");
