/**
 * The service with the deployment's rate limits, counted in memory. The local runtime's own limits write a row to disk
 * for each request that they count, and reports wait for that. The local org stands for all others together, so it has
 * no limit. `PUT /limits` tells the limits, `GET /look-ups` how often a key was looked up in the database.
 */
import worker from "../../src/index.ts";
import { LOCAL_ORG } from "../../src/local/seed.ts";

export { Call, Inbox } from "../../src/index.ts";

/** `period` is in seconds. */
export type Rules = Record<string, { limit: number; period: number }>;

let lookUps = 0;

function limitInMemory({ limit, period }: Rules[string]): RateLimit {
  let current = 0;
  let counts = new Map<string, number>();
  return {
    limit: async ({ key }) => {
      if (key === LOCAL_ORG) return { success: true };
      const started = Math.floor(Date.now() / (period * 1_000));
      if (started !== current) counts = new Map();
      current = started;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return { success: count <= limit };
    },
  };
}

const countingLookUps = (database: D1Database) =>
  ({
    prepare: (query: string) => {
      if (query.includes("FROM api_keys AS k")) lookUps++;
      return database.prepare(query);
    },
    batch: (statements: D1PreparedStatement[]) => database.batch(statements),
  }) as unknown as D1Database;

/** The service keeps some things for as long as its environment object is the same. */
let limitedEnv: Env | null = null;

export default {
  ...worker,
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/look-ups") return Response.json(lookUps);
    if (pathname === "/limits") {
      const rules = Object.entries((await request.json()) as Rules);
      const limits = Object.fromEntries(rules.map(([name, rule]) => [name, limitInMemory(rule)]));
      limitedEnv = { ...env, ...limits, DB: countingLookUps(env.DB) };
      return new Response();
    }
    if (limitedEnv === null) throw new Error("nothing is limited yet");
    return worker.fetch(request, limitedEnv, ctx);
  },
} satisfies ExportedHandler<Env>;
