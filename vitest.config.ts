import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Short retries and short waits for batches: a test sees in seconds what production does in days. */
const TEST_VARIABLES = {
  RETRY_SCHEDULE: "1s, 1s",
  DELIVERY_TIMEOUT: "15s",
  SWEEP_GRACE: "60s",
  ALLOW_PRIVATE_TARGETS: "true",
  PUBLIC_URL: "http://127.0.0.1:8787",
  RETENTION_DAYS: "30",
  ADMIN_KEY: "test-admin-key-of-enough-characters",
  SECRETS_KEY: "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
  SESSION_KEY: "test-session-key-of-enough-characters",
};

/** No test comes near these; those of limits have one of their own. */
const GENEROUS = Object.fromEntries(
  ["REPORTS_LIMIT", "SENDS_LIMIT", "REQUESTS_LIMIT", "ADDRESSES_LIMIT"].map((name) => [
    name,
    { namespace_id: name, simple: { limit: 1_000_000, period: 10 as const } },
  ]),
);

const QUEUE = { maxBatchSize: 100, maxBatchTimeout: 0.05, maxRetries: 100 };
const LANE = { ...QUEUE, deadLetterQueue: "postcall-dead-letters" };

/** How many fault programs run, and from which seed: the same few by default, others with `npm run faults`. */
const FAULTS = {
  programs: Number(process.env.FAULT_PROGRAMS ?? 25),
  seed: Number(process.env.FAULT_SEED ?? 1),
};

/** How many made-up requests are sent, and from which seed: a new one each time if none is given. */
const FUZZ = {
  requests: Number(process.env.FUZZ_REQUESTS ?? 2_000),
  seed: process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED),
};

export default defineConfig(async () => ({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { name: "core", include: ["test/core/**/*.test.ts"] } },
      {
        test: {
          name: "local",
          include: ["test/local/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: { ...TEST_VARIABLES, TEST_MIGRATIONS: await readD1Migrations("migrations") },
              d1Databases: ["NEVER_MIGRATED"],
              ratelimits: {
                ...GENEROUS,
                TIGHT_LIMIT: { namespace_id: "1", simple: { limit: 3, period: 10 } },
              },
              queueConsumers: {
                "postcall-deliveries": LANE,
                "postcall-retries": LANE,
                "postcall-dead-letters": QUEUE,
              },
            },
          }),
        ],
        test: {
          name: "worker",
          include: ["test/worker/**/*.test.ts"],
          globalSetup: ["test/support/receiver-server.ts", "test/support/openapi-document.ts"],
          setupFiles: ["test/support/setup.ts"],
          testTimeout: 20_000,
          provide: { faults: FAULTS, fuzz: FUZZ },
        },
      },
    ],
  },
}));
