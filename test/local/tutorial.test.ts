/**
 * Follows the README's tutorial: runs its commands in one shell against a server of their own, and compares each
 * output with the README's.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type LocalServer, startLocalServer } from "../../src/local/server.ts";

const README_ADDRESS = "http://127.0.0.1:8787";
const BREAK = "~~~ next ~~~";

/** The README's pauses are longer here, because this machine may be busier than its reader's. */
const PAUSE_SECONDS = 4;

const folder = mkdtempSync(join(tmpdir(), "postcall-tutorial-"));
let server: LocalServer;

beforeAll(async () => {
  const environment = process.env; // as `npm start` has it
  server = await startLocalServer({ port: await freePort(), stateDir: join(folder, "state"), environment });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Each of the tutorial's commands, with what it prints; null where it prints nothing. */
function steps(): { command: string; printed: string | null }[] {
  const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
  const [, tutorial = ""] = /^## The tutorial\n(.*?)^## /ms.exec(readme) ?? [];
  const blocks = tutorial.matchAll(/^```sh\n(.*?)^```\n(?:\n```(?:json|text)\n(.*?)^```)?/gms);
  return [...blocks].map(([, command = "", printed = null]) => ({ command, printed }));
}

/** Replaces what differs between runs by its name. Line breaks are the README's own. */
const normalised = (text: string): string =>
  text
    .replaceAll(server.url, README_ADDRESS)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "TIME")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
    .replace(/[0-9a-f]{64}/g, "INBOX")
    .replace(/"\d+ms"/g, '"MS"')
    .replace(/\s+/g, "");

// The commands are curl's: where there is none, nobody can follow them.
test.skipIf(spawnSync("curl", ["--version"]).error !== undefined)(
  "each command of the README's tutorial prints what the README shows",
  async () => {
    const all = steps();
    expect(all.length).toBeGreaterThan(8);
    const commands = all.map(
      ({ command }) => `${command.replaceAll(README_ADDRESS, server.url)}echo "${BREAK}"\n`,
    );
    const script = `sleep() { command sleep ${PAUSE_SECONDS}; }\n${commands.join("")}`;
    const { stdout, stderr } = await promisify(execFile)("bash", ["-c", script], { cwd: folder });
    expect(stderr).toBe("");
    const outputs = stdout.split(BREAK).map(normalised);
    for (const [index, { command, printed }] of all.entries())
      expect(outputs[index], command).toBe(normalised(printed ?? ""));
  },
);
