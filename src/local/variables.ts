/** The variables of `npm start`: those of the environment if set, else values for local use. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A fixed key: only this machine can use it. */
export const LOCAL_ADMIN_KEY = "pc_local_admin";

/** The defaults of `wrangler.toml`, with local values. Reads the state directory, and writes it the first time. */
export function localVariables(input: {
  deployed: Record<string, unknown>;
  environment: Readonly<Record<string, string | undefined>>;
  stateDir: string;
  port: number;
}): Record<string, string> {
  const local: Record<string, unknown> = {
    ...input.deployed,
    ALLOW_PRIVATE_TARGETS: "true",
    PUBLIC_URL: `http://127.0.0.1:${input.port}`,
    ADMIN_KEY: LOCAL_ADMIN_KEY,
    ...keptKeys(input.stateDir),
  };
  const names = Object.keys(local);
  return Object.fromEntries(names.map((name) => [name, input.environment[name] ?? String(local[name])]));
}

/** Keys made at the first start. They are stored with the state, because secrets in it are encrypted with one of them. */
function keptKeys(stateDir: string): Record<string, string> {
  const file = join(stateDir, "keys.json");
  if (!existsSync(file)) {
    const [SECRETS_KEY, SESSION_KEY] = [
      randomBytes(32).toString("base64"),
      randomBytes(32).toString("base64"),
    ];
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(file, JSON.stringify({ SECRETS_KEY, SESSION_KEY }), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, "utf8"));
}
