/**
 * Runs `npm start`'s script as a process group that can be killed at any moment and started again on the same state.
 * Reads the state only while nothing runs, from a copy.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LOCAL_KEY } from "../../src/local/seed.ts";
import { now, pause } from "./driver.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const START_PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 50;
const KEPT_OUTPUT_CHARACTERS = 4_000;

export interface ServerGroup {
  url: string;
  /** Starts it, and waits until `/readyz` answers the local key. Returns when that was. */
  start: () => Promise<number>;
  /** SIGKILLs the whole group, and waits until none of it is left. Returns when that was. */
  kill: () => Promise<number>;
}

export function serverGroup(input: {
  port: number;
  stateDir: string;
  variables: Record<string, string>;
}): ServerGroup {
  const url = `http://127.0.0.1:${input.port}`;
  const env = { ...process.env, ...input.variables, PORT: String(input.port), STATE_DIR: input.stateDir };
  let child: ChildProcess | null = null;
  let output = "";

  async function start(): Promise<number> {
    output = "";
    const started = spawn(process.execPath, ["src/local/start.ts"], { cwd: ROOT, env, detached: true });
    child = started;
    for (const stream of [started.stdout, started.stderr])
      stream?.on("data", (part) => {
        output = `${output}${part}`.slice(-KEPT_OUTPUT_CHARACTERS);
      });
    const until = now() + START_PATIENCE_MS;
    while (!(await isReady(url))) {
      if (started.exitCode !== null || now() > until) throw new Error(`the server did not start:\n${output}`);
      await pause(LOOK_EVERY_MS);
    }
    return now();
  }

  async function kill(): Promise<number> {
    const killed = child;
    if (killed?.pid === undefined) return now();
    child = null;
    if (isAlive(-killed.pid)) process.kill(-killed.pid, "SIGKILL");
    const killedAt = now();
    if (killed.exitCode !== null) throw new Error(`the server ended by itself:\n${output}`);
    await once(killed, "exit");
    while (isAlive(-killed.pid)) await pause(LOOK_EVERY_MS);
    return killedAt;
  }

  return { url, start, kill };
}

/** Only with the local key: before it exists no report would be accepted. */
async function isReady(url: string): Promise<boolean> {
  try {
    const headers = { authorization: LOCAL_KEY };
    const response = await fetch(`${url}/readyz`, { headers, signal: AbortSignal.timeout(2_000) });
    const { data } = (await response.json()) as { data: { overdue?: number } | null };
    return data?.overdue !== undefined;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What a killed server left: every call in its record, and the calls that were due at `at`. */
export function recordLeftIn(stateDir: string, at: number): { recorded: Set<string>; due: string[] } {
  const files = readdirSync(stateDir, { recursive: true, encoding: "utf8" });
  const isOfDatabase = (file: string) => /d1.*[0-9a-f]{64}\.sqlite(-wal)?$/.test(file);
  const copy = mkdtempSync(join(tmpdir(), "postcall-record-"));
  try {
    for (const file of files.filter(isOfDatabase))
      copyFileSync(join(stateDir, file), join(copy, basename(file)));
    const [name] = readdirSync(copy).filter((file) => file.endsWith(".sqlite"));
    if (name === undefined) throw new Error(`there is no database in ${stateDir}`);
    const database = new DatabaseSync(join(copy, name));
    const logs = database.prepare("SELECT call_id, next_attempt_at FROM webhook_logs").all();
    database.close();
    const due = logs.filter(
      ({ next_attempt_at }) => next_attempt_at !== null && Number(next_attempt_at) <= at,
    );
    return {
      recorded: new Set(logs.map(({ call_id }) => String(call_id))),
      due: due.map(({ call_id }) => String(call_id)),
    };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
