/**
 * Follows the guide "Start": runs its commands in one shell against a server of their own, and compares each output
 * with the guide's.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type LocalServer, startLocalServer } from "../../src/local/server.ts";
import { readGuide } from "../support/guides.ts";

const GUIDE_ADDRESS = "http://127.0.0.1:8787";
const BREAK = "~~~ next ~~~";
/** The commands before this heading start the service. */
const FIRST_HEADING = "## Make an org and a key";

/** The guide's pauses are longer here, because this machine may be busier than its reader's. */
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

interface Step {
  command: string;
  /** Null where it prints nothing. */
  printed: string | null;
}

function stepsOf(markdown: string): Step[] {
  const blocks = markdown.matchAll(/^```sh\n(.*?)^```\n(?:\n```(?:json|text)\n(.*?)^```)?/gms);
  return [...blocks].map(([, command = "", printed = null]) => ({ command, printed }));
}

/** The steps after those that start the service. */
const steps = (): Step[] => stepsOf(readGuide("start").split(FIRST_HEADING)[1] ?? "");

/** Replaces what differs between runs by its name. Line breaks are the guide's own. */
const normalised = (text: string): string =>
  text
    .replaceAll(server.url, GUIDE_ADDRESS)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "TIME")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
    .replace(/[0-9a-f]{64}/g, "INBOX")
    .replace(/"org_[\w-]+"/g, '"ORG"')
    .replace(/"whsec_[A-Za-z0-9+/]+=*"/g, '"SECRET"')
    .replace(/"pc_[\w-]+"/g, '"KEY"')
    .replace(/"\d+ms"/g, '"MS"')
    .replace(/\s+/g, "");

// The commands are curl's: where there is none, nobody can follow them.
test.skipIf(spawnSync("curl", ["--version"]).error !== undefined)(
  "each command of the tutorial prints what the guide shows",
  async () => {
    const all = steps();
    expect(all.length).toBeGreaterThan(12);
    const commands = all.map(
      ({ command }) => `${command.replaceAll(GUIDE_ADDRESS, server.url)}echo "${BREAK}"\n`,
    );
    const script = `sleep() { command sleep ${PAUSE_SECONDS}; }\n${commands.join("")}`;
    const { stdout, stderr } = await promisify(execFile)("bash", ["-c", script], { cwd: folder });
    expect(stderr).toBe("");
    const outputs = stdout.split(BREAK).map(normalised);
    for (const [index, { command, printed }] of all.entries())
      expect(outputs[index], command).toBe(normalised(printed ?? ""));
  },
);
