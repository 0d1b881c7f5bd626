/**
 * Runs the guide's code for receivers, in each language that is on this machine, against requests that are genuine,
 * tampered with, stale, and signed with several secrets. The code needs nothing but its language.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signingSecretOf, standardSignature } from "../../src/core/signature.ts";
import { filesOf } from "../support/guides.ts";
import { LANGUAGES, type Language } from "../support/languages.ts";
import { flipped } from "../support/tampered.ts";

/** A request as a receiver gets it; a header that is missing is undefined. */
interface Arrived {
  body: Buffer;
  id: string | undefined;
  timestamp: string | undefined;
  signatures: string | undefined;
}

const folder = mkdtempSync(join(tmpdir(), "postcall-languages-"));
beforeAll(() => {
  for (const [name, code] of filesOf("receive")) writeFileSync(join(folder, name), code);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secretOf = (seed: number) => signingSecretOf(new Uint8Array(32).fill(seed));
const SECRETS = [secretOf(251), secretOf(62), secretOf(1)] as const;
const BODY = Buffer.from('{"call_id":"call-1","note":"Zoë ☎ 🎧","price":1.10}');

/** A request as the service signs it, with each of these secrets. */
function signed(secrets: readonly string[], { ageSeconds = 0 } = {}): Arrived {
  const webhookId = "msg_2f7c0f0e-5b0e-4a8c-9a71-1c2d3e4f5a6b";
  const timestampSeconds = Math.floor(Date.now() / 1_000) - ageSeconds;
  const signatures = secrets.map((secret) =>
    standardSignature({ secret, webhookId, timestampSeconds, body: BODY }),
  );
  return { body: BODY, id: webhookId, timestamp: String(timestampSeconds), signatures: signatures.join(" ") };
}

/** The request once for each byte of the body and the headers, with one bit of that byte changed. */
function* tampered(request: Arrived): Generator<Arrived> {
  for (const index of request.body.keys()) yield { ...request, body: flipped(request.body, index) };
  for (const name of ["id", "timestamp", "signatures"] as const) {
    const value = Buffer.from(request[name] ?? "");
    for (const index of value.keys()) yield { ...request, [name]: flipped(value, index).toString() };
  }
}

const [newest, older, oldest] = SECRETS;

interface Case {
  what: string;
  genuine: boolean;
  /** Each with the secret that it is checked with. */
  requests: [Arrived, string][];
}

/** Signed now. Times leave room for a machine that is slow to check them. */
function cases(): Case[] {
  const one = signed([older]);
  return [
    { what: "signed with one secret", genuine: true, requests: [[one, older]] },
    {
      what: "signed with three secrets, checked with each",
      genuine: true,
      requests: SECRETS.map((secret) => [signed(SECRETS), secret]),
    },
    { what: "checked with another secret", genuine: false, requests: [[signed([newest, oldest]), older]] },
    {
      what: "with any byte changed",
      genuine: false,
      requests: [...tampered(one)].map((request) => [request, older]),
    },
    {
      what: "without one of the headers",
      genuine: false,
      requests: (["id", "timestamp", "signatures"] as const).map((name) => [
        { ...one, [name]: undefined },
        older,
      ]),
    },
    {
      what: "with a time that is none",
      genuine: false,
      requests: ["", "soon", "1e9", "-1", "9".repeat(40), "٣"].map((timestamp) => [
        { ...one, timestamp },
        older,
      ]),
    },
    {
      what: "nearly five minutes old, or as far in the future",
      genuine: true,
      requests: [240, -290].map((ageSeconds) => [signed([older], { ageSeconds }), older]),
    },
    {
      what: "over five minutes old, or as far in the future",
      genuine: false,
      requests: [310, -360].map((ageSeconds) => [signed([older], { ageSeconds }), older]),
    },
  ];
}

const isThere = ([command, ...args]: Language["probe"]) => spawnSync(command, args).status === 0;

function lineOf([{ body, id, timestamp, signatures }, secret]: [Arrived, string]): string {
  const fields = [id, timestamp, signatures, secret].map((text) =>
    text === undefined ? "-" : Buffer.from(text).toString("base64"),
  );
  return [body.toString("base64"), ...fields].join(" ");
}

async function answersOf({ run: [command, ...args] }: Language, lines: string[]): Promise<string[]> {
  const child = spawn(command, args, { cwd: folder, stdio: "pipe" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += part));
  child.stdin.end(`${lines.join("\n")}\n`);
  await new Promise((done) => child.once("close", done));
  return output.trim().split("\n");
}

describe.each(LANGUAGES)("the guide's code in $name", (language) => {
  test.skipIf(!isThere(language.probe))(
    "accepts what is genuine and recent, and nothing else",
    async () => {
      const [name, code] = language.driver;
      writeFileSync(join(folder, name), code);
      if (language.compile !== undefined) {
        const [command, ...args] = language.compile;
        await promisify(execFile)(command, args, { cwd: folder });
      }
      const all = cases().flatMap(({ what, genuine, requests }) =>
        requests.map((request) => ({ what, genuine, request })),
      );
      const answers = await answersOf(
        language,
        all.map(({ request }) => lineOf(request)),
      );
      expect(answers.map((answer, index) => [all[index]?.what, answer])).toEqual(
        all.map(({ what, genuine }) => [what, String(genuine)]),
      );
    },
    60_000,
  );
});
