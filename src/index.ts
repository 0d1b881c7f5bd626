/** The composition root: connects requests, batches and the cron to the modules that serve them. It decides nothing. */
import { callObject } from "./call/object.ts";
import { type Config, readConfig } from "./config.ts";
import type { AttemptKey } from "./core/webhook-log.ts";
import { deliverBatch } from "./deliver/batch.ts";
import type { BatchVerbs } from "./deliver/context.ts";
import { recordDeadLetters } from "./deliver/dead-letter.ts";
import { decryptHeaders, decryptSecrets } from "./deliver/secrets.ts";
import { type WakeVerbs, wake } from "./deliver/wake.ts";
import { createApp } from "./http/app.ts";
import type { LimitKind } from "./http/limits.ts";
import { inboxObject, newInbox, viewedInbox } from "./inbox/object.ts";
import { openCoalescedSend } from "./queue/coalesced-send.ts";
import { consume } from "./queue/consumer.ts";
import { type Enqueued, enqueue, enqueueWakes } from "./queue/producer.ts";
import { type SweepVerbs, sweep } from "./queue/sweep.ts";
import { removeActs } from "./record/audit.ts";
import { readBatch } from "./record/batch-read.ts";
import { removeTokens } from "./record/console-tokens.ts";
import { databaseOf } from "./record/database.ts";
import { type EndpointKey, readEndpoints } from "./record/endpoints.ts";
import { eraseOrg } from "./record/erased-orgs.ts";
import { eraseContents, removeTombstones } from "./record/erasure.ts";
import { removeIdempotencyKeys } from "./record/idempotency.ts";
import { claimOverdue, readOverdue } from "./record/overdue.ts";
import { giveSlots, takeTurns } from "./record/pace.ts";
import { countWaiting, readLateWakes, readWaking, releaseCalls, wakeEndpoints } from "./record/parked.ts";
import { latenessOf, readLateness } from "./record/readiness.ts";
import { reencryptSecrets } from "./record/reencrypt.ts";
import { assumeWritten, writeResults } from "./record/results.ts";
import { removeEnded, removeWell } from "./record/retention.ts";
import { wakeUnsuspended } from "./record/suspension.ts";
import { readSize, takesWrites, tryWrite, watchWrite } from "./record/trial-write.ts";
import { countUsage } from "./record/usage.ts";
import { readWalked, walkStep } from "./record/walk.ts";
import { type Clock, writeWithRetry } from "./record/write-with-retry.ts";

export { Call } from "./call/object.ts";
export { Inbox } from "./inbox/object.ts";

const DELIVERIES_QUEUE = "postcall-deliveries";
const DEAD_LETTERS_QUEUE = "postcall-dead-letters";

const app = createApp();

export default {
  fetch(request, env, ctx) {
    const later = (work: Promise<unknown> | null) => work && ctx.waitUntil(work.catch(warnOfQueue));
    const keepAlive = <T>(work: Promise<T>): Promise<T> => {
      ctx.waitUntil(work.catch(() => {}));
      return work;
    };
    return app.fetch(request, {
      config: () => configOf(env),
      databaseOf: (userId) => databaseOf(env, userId),
      enqueue: (keys, delaySeconds = 0) =>
        later(coalescedSendOf(env)(keys.map((key) => ({ key, delaySeconds })))),
      wake: (wakes) => later(enqueueWakes(env, wakes)),
      writeWithRetry: (write) => keepAlive(writeWithRetry(write, CLOCK)),
      keepAlive,
      isWithinLimit: async (kind, key) => (await limitOf(env, kind)?.limit({ key }))?.success ?? true,
      closeCall: (call) => callObject(env.CALLS, call).close(),
      inboxes: {
        make: () => newInbox(env.INBOXES),
        find: (id) => inboxObject(env.INBOXES, id),
        viewed: (token) => viewedInbox(env.INBOXES, token),
      },
      now: Date.now,
    });
  },

  async queue(batch, env) {
    const config = configOf(env);
    const verbs = batchVerbs(env, config);
    if (batch.queue === DEAD_LETTERS_QUEUE)
      return consume(batch, { deliver: (keys) => recordDeadLetters(keys, config, verbs) });
    const deliver = (keys: AttemptKey[]) => deliverBatch(keys, config, verbs);
    if (batch.queue === DELIVERIES_QUEUE)
      return consume(batch, { deliver, moveOn: (entries) => enqueue(env, entries) });
    const wakeAll = (endpoints: EndpointKey[]) => wake(endpoints, config, wakeVerbs(env, config));
    return consume(batch, { deliver, wake: wakeAll });
  },

  async scheduled(_controller, env) {
    await sweep(sweepVerbs(env, configOf(env)));
  },
} satisfies ExportedHandler<Env>;

/** Undefined on a machine of one's own, where nobody is limited. */
const limitOf = (env: Partial<Env>, kind: LimitKind): RateLimit | undefined =>
  ({
    reports: env.REPORTS_LIMIT,
    sends: env.SENDS_LIMIT,
    requests: env.REQUESTS_LIMIT,
    addresses: env.ADDRESSES_LIMIT,
  })[kind];

function sweepVerbs(env: Env, { sweepGraceMs, retentionDays, masterKeys }: Config): SweepVerbs {
  const database = databaseOf(env);
  return {
    tryWrite: () => tryWrite(database),
    readSize: () => readSize(database),
    walk: () => walkStep(database, { now: Date.now(), sweepGraceMs }),
    readOverdue: (limit) => readOverdue(database, { now: Date.now(), limit }),
    claim: (keys) => claimOverdue(database, { keys, now: Date.now(), sweepGraceMs }),
    enqueue: (keys) => enqueueNow(env, keys),
    wakeUnsuspended: async () => (await wakeUnsuspended(database, Date.now())) !== null,
    readLateWakes: (limit) => readLateWakes(database, { before: Date.now() - sweepGraceMs, limit }),
    enqueueWakes: (endpoints) =>
      enqueueWakes(
        env,
        endpoints.map((endpoint) => ({ endpoint, delaySeconds: 0 })),
      ),
    remove: () => removeEnded(database, { now: Date.now(), retentionDays }),
    eraseOrg: () =>
      eraseOrg(database, {
        now: Date.now(),
        endInbox: async (userId, id) => inboxObject(env.INBOXES, id)?.end(userId),
      }),
    removeActs: () => removeActs(database, Date.now()),
    forget: () => removeWell(database, Date.now()),
    eraseContents: () => eraseContents(database, Date.now()),
    removeExpired: async () => {
      await removeTombstones(database, Date.now());
      await removeIdempotencyKeys(database, Date.now());
      await removeTokens(database, Date.now());
    },
    countUsage: async () => {
      const floor = await readWalked(database);
      if (floor !== null) await countUsage(database, { now: Date.now(), floor }); // else nothing was walked yet
    },
    // Printed even if there was nothing to do: so the operator learns that the older keys can go.
    reencrypt: async () => (masterKeys.length > 1 ? reencryptSecrets(database, masterKeys) : null),
    readLateness: async () => latenessOf(await readLateness(database, { now: Date.now(), sweepGraceMs })),
    print: (line) => console.log(JSON.stringify(line)),
  };
}

function batchVerbs(env: Env, config: Config): BatchVerbs {
  const database = databaseOf(env);
  return {
    read: async (wanted) =>
      (await writeWithRetry(() => readBatch(database, { keys: wanted, now: Date.now() }), CLOCK)).value,
    readEndpoints: (wanted) => readEndpoints(database, wanted),
    decryptHeaders: (log) => decryptHeaders(log, config.masterKeys),
    decryptSecrets: (log) => decryptSecrets(log, config.masterKeys),
    attempt: (request) => callObject(env.CALLS, request.key).attempt(request),
    lookUp: (key, { waitMs, newestOrdinal }) => callObject(env.CALLS, key).lookUp(key, waitMs, newestOrdinal),
    takesWrites: () => takesWrites(database),
    write: async (writing) => {
      const { value, repeated } = await watchWrite(database, () =>
        writeWithRetry(() => writeResults(database, writing), CLOCK),
      );
      return repeated ? assumeWritten(writing, value) : value;
    },
    takeTurns: (asked, now) => watchWrite(database, () => takeTurns(database, { asked, now })),
    giveSlots: (asked, now) => watchWrite(database, () => giveSlots(database, { asked, now })),
    countWaiting: (keys) => countWaiting(database, keys),
    release: (releases) =>
      watchWrite(database, () =>
        releaseCalls(database, { releases, now: Date.now(), sweepGraceMs: config.sweepGraceMs }),
      ),
    enqueue: (successors) => enqueue(env, successors),
    enqueueWakes: (wakes) => enqueueWakes(env, wakes),
    now: Date.now,
    random: Math.random,
    newId: () => crypto.randomUUID(),
  };
}

function wakeVerbs(env: Env, { sweepGraceMs }: Config): WakeVerbs {
  const database = databaseOf(env);
  return {
    read: (keys, asked) => readWaking(database, { keys, ...asked }),
    write: (woken, now) => watchWrite(database, () => wakeEndpoints(database, { woken, now, sweepGraceMs })),
    enqueue: (keys) =>
      enqueue(
        env,
        keys.map((key) => ({ key, hasWaited: true })),
      ),
    enqueueWakes: (wakes) => enqueueWakes(env, wakes),
    takesWrites: () => takesWrites(database),
    now: Date.now,
  };
}

const CLOCK: Clock = { now: Date.now, random: Math.random, wait: (ms) => scheduler.wait(ms) };

const enqueueNow = (env: Env, keys: readonly AttemptKey[]) =>
  enqueue(
    env,
    keys.map((key) => ({ key })),
  );

/** The coalesced send of each environment object. There is one such object per isolate. */
const coalescedSends = new WeakMap<Env, ReturnType<typeof openCoalescedSend>>();
function coalescedSendOf(env: Env) {
  const send = (entries: readonly Enqueued[]) => enqueue(env, entries);
  const wait = (ms: number) => scheduler.wait(ms);
  const coalescedSend = coalescedSends.get(env) ?? openCoalescedSend({ send, wait, now: Date.now });
  coalescedSends.set(env, coalescedSend);
  return coalescedSend;
}

/** The variables are checked once per environment object, of which there is one per isolate. */
const configs = new WeakMap<Env, Config>();
function configOf(env: Env): Config {
  const known = configs.get(env);
  if (known !== undefined) return known;
  const config = readConfig({ ...env });
  configs.set(env, config);
  const { adminKeyProblem: message } = config;
  if (message !== null) console.error(JSON.stringify({ event: "admin_api_shut", message }));
  return config;
}

const warnOfQueue = (error: unknown) =>
  console.warn("The queue did not take a message; the sweep will.", error);
