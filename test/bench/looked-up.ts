/** The service with a counter of the key look-ups in its database. `GET /look-ups` tells it. */
import worker from "../../src/index.ts";

export { Call, Inbox } from "../../src/index.ts";

let lookUps = 0;
let counting: Env | null = null;

const countingEnv = (env: Env): Env => ({
  ...env,
  DB: {
    prepare: (query: string) => {
      if (query.includes("FROM api_keys AS k")) lookUps++;
      return env.DB.prepare(query);
    },
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  } as unknown as D1Database,
});

export default {
  ...worker,
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/look-ups") return Response.json(lookUps);
    counting ??= countingEnv(env);
    return worker.fetch(request, counting, ctx);
  },
} satisfies ExportedHandler<Env>;
