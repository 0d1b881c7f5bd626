/**
 * The README's tutorial, as somebody would follow it: its commands are taken out of it and run in one shell against a
 * server of their own, and what each prints is held against what the README says it does.
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

/** A pause of the README's is longer here: this machine may have more to do than its reader's. */
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

/** What differs from one run to the next is named by what it is; line breaks are the README's own. */
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
