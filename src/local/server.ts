/**
 * Runs the service on this machine: the bundle on the local runtime, with D1, queues and Durable Objects in a state
 * directory. It also runs the sweep, because no cron fires locally.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, parse, resolve } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import { type Unstable_Config, unstable_readConfig } from "wrangler";
import { readConfig } from "../config.ts";
import type { MasterKeys } from "../core/encryption.ts";
import { ASSETS_BINDING } from "./assets.ts";
import { seedLocalOrg } from "./seed.ts";
import { localVariables } from "./variables.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SWEEP_EVERY_MS = 5_000;

export interface LocalServer {
  url: string;
  database: D1Database;
  /** The local org's signing secret. */
  signingSecret: string;
  /** Ends the runtime and everything it started. */
  stop: () => Promise<void>;
}

/** Starts the service. Rejects with a ConfigError if a variable is unusable, and if the port is taken. */
export async function startLocalServer(input: {
  port: number;
  stateDir: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Another Worker with the same bindings, to run instead of the service. */
  main?: string;
  /** How often the sweep runs, in milliseconds. */
  sweepEveryMs?: number;
  /**
   * Whether requests are limited as in a deployment. The local runtime writes a row to disk for each request that it
   * counts, so nobody is counted by default.
   */
  isLimited?: boolean;
}): Promise<LocalServer> {
  const { port, environment } = input;
  const stateDir = resolve(input.stateDir);
  await refuseTakenPort(port);
  const deployed = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
  const variables = localVariables({ deployed: deployed.vars, environment, stateDir, port });
  const { masterKeys } = readConfig(variables);
  const prepare = async () => {
    await applyMigrations(stateDir);
    return seed(stateDir, masterKeys);
  };
  // Seeded before the port is open: a request that is answered finds the local org and its key.
  const [script, signingSecret] = await Promise.all([buildWorker(input.main), prepare()]);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port,
      cf: false,
      log: new Log(LogLevel.WARN),
      telemetry: { enabled: false },
      resourcePersistencePath: storageOf(stateDir),
      workers: [
        {
          ...workerOptions(deployed, script),
          ...(input.isLimited && rateLimits(deployed)),
          bindings: variables,
        },
        { ...inboxHostOptions(deployed, script), bindings: variables },
        assetHostOptions(deployed),
      ],
    }),
  );
  await miniflare.ready;
  const database = await miniflare.getD1Database("DB");
  const stopSweeping = await sweepRegularly(miniflare, input.sweepEveryMs ?? SWEEP_EVERY_MS);
  const stop = async () => {
    await stopSweeping();
    await miniflare.dispose();
  };
  return { url: `http://127.0.0.1:${port}`, database, signingSecret, stop };
}

/** The Worker's bindings from `wrangler.toml`, as options of the local runtime. */
const workerOptions = (deployed: Unstable_Config, script: string): V4WorkerOptions => ({
  script,
  name: "postcall",
  modules: true,
  ...runtimeOptions(deployed),
  unsafeEphemeralDurableObjects: true, // a call's object stores nothing, and on disk each would still be three files
  durableObjects: {
    ...Object.fromEntries(
      deployed.durable_objects.bindings.map(({ name, class_name: className }) => [
        name,
        { className, useSQLite: true },
      ]),
    ),
    INBOXES: { ...INBOX_CLASS, scriptName: INBOX_HOST },
  },
  serviceBindings: { [ASSETS_BINDING]: ASSET_HOST },
  queueProducers: Object.fromEntries(
    deployed.queues.producers?.map(({ binding, queue: queueName }) => [binding, queueName ?? binding]) ?? [],
  ),
  queueConsumers: Object.fromEntries(
    deployed.queues.consumers?.map((consumer) => [consumer.queue, consumerOptions(consumer)]) ?? [],
  ),
});

const rateLimits = ({ ratelimits = [] }: Unstable_Config) => ({
  ratelimits: Object.fromEntries(ratelimits.map(({ name, ...rules }) => [name, rules])),
});

const INBOX_HOST = "postcall-inboxes";
const INBOX_CLASS = { className: "Inbox", useSQLite: true };

/**
 * The same code a second time, to hold the inboxes. Inboxes are kept on disk, and a Worker stores all of its objects
 * in one way.
 */
const inboxHostOptions = (deployed: Unstable_Config, script: string): V4WorkerOptions => ({
  script,
  name: INBOX_HOST,
  modules: true,
  ...runtimeOptions(deployed),
  durableObjects: { INBOXES: INBOX_CLASS },
});

const ASSET_HOST = "postcall-assets";

/**
 * Serves the static assets, with the headers that the build wrote. It is a Worker of its own: in front of the service,
 * as in a deployment, the local runtime's router would halve the requests per second.
 */
const assetHostOptions = ({ assets, compatibility_date }: Unstable_Config): V4WorkerOptions => ({
  script: `export default { fetch: () => new Response(null, { status: 404 }) };`,
  name: ASSET_HOST,
  modules: true,
  compatibilityDate: compatibility_date ?? "",
  assets: {
    directory: join(ROOT, assets?.directory ?? ""),
    routerConfig: { has_user_worker: true },
    assetConfig: { html_handling: assets?.html_handling, not_found_handling: assets?.not_found_handling },
  },
});

const runtimeOptions = (deployed: Unstable_Config) => ({
  compatibilityDate: deployed.compatibility_date ?? "",
  compatibilityFlags: deployed.compatibility_flags,

  d1Databases: Object.fromEntries(deployed.d1_databases.map(({ binding }) => [binding, { id: binding }])),
});

const consumerOptions = (consumer: NonNullable<Unstable_Config["queues"]["consumers"]>[number]) => ({
  ...(consumer.max_batch_size !== undefined && { maxBatchSize: consumer.max_batch_size }),
  ...(consumer.max_batch_timeout !== undefined && { maxBatchTimeout: consumer.max_batch_timeout }),
  ...(consumer.max_retries !== undefined && { maxRetries: consumer.max_retries }),
  ...(consumer.retry_delay !== undefined && { retryDelay: consumer.retry_delay }),
  ...(consumer.dead_letter_queue !== undefined && { deadLetterQueue: consumer.dead_letter_queue }),
});

const storageOf = (stateDir: string) => join(stateDir, "v3");

/** Makes the local org while no server is running. Returns its signing secret. */
async function seed(stateDir: string, masterKeys: MasterKeys): Promise<string> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      script: "export default {};",
      modules: true,
      d1Databases: { DB: "DB" },
      cf: false,
      telemetry: { enabled: false },
      resourcePersistencePath: storageOf(stateDir),
    }),
  );
  try {
    return await seedLocalOrg(await miniflare.getD1Database("DB"), { masterKeys, now: Date.now() });
  } finally {
    await miniflare.dispose();
  }
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function refuseTakenPort(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once("error", fail).listen(port, "127.0.0.1", done));
  await new Promise((done) => server.close(done));
}

const LOCAL_WORKER = "src/local/worker.ts";

/** Builds the Worker's code as for a deployment. */
async function buildWorker(main = LOCAL_WORKER): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), "postcall-"));
  try {
    await wrangler("deploy", main, "--dry-run", "--outdir", outDir);
    return await readFile(join(outDir, `${parse(main).name}.js`), "utf8");
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

const applyMigrations = (stateDir: string) =>
  wrangler("d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir);

/** Runs wrangler's command line. If it fails, the error has its output. */
async function wrangler(...args: string[]): Promise<void> {
  const script = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  const env = { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  await promisify(execFile)(process.execPath, [script, ...args], { cwd: ROOT, env });
}

async function sweepRegularly(miniflare: Miniflare, everyMs: number): Promise<() => Promise<void>> {
  const worker = await miniflare.getWorker();
  const sweep = () =>
    worker
      .scheduled({ cron: "* * * * *" })
      .catch((error: unknown) => console.error("A sweep failed.", error));
  let sweeping: Promise<unknown> = sweep(); // at once, for what a kill cut off
  const timer = setInterval(() => {
    sweeping = sweep();
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}
