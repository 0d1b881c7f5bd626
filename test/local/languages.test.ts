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

/** A request as a receiver gets it; a header that is missing is undefined. */
interface Arrived {
  body: Buffer;
  id: string | undefined;
  timestamp: string | undefined;
  signatures: string | undefined;
}

interface Language {
  name: string;
  /** Exits with 0 where the language is there. */
  probe: [string, ...string[]];
  /** The guide's file. */
  file: string;
  /** Reads lines of base64 `body id timestamp signatures secret`, `-` for none; prints whether each is genuine. */
  driver: [name: string, code: string];
  /** Run once, in the folder. */
  compile?: [string, ...string[]];
  run: [string, ...string[]];
}

const LANGUAGES: Language[] = [
  {
    name: "Node",
    probe: [process.execPath, "--version"],
    file: "verify.mjs",
    driver: [
      "driver.mjs",
      `import { createInterface } from "node:readline";
import { verifyWebhook } from "./verify.mjs";
const text = (field) => (field === "-" ? undefined : Buffer.from(field, "base64").toString());
for await (const line of createInterface({ input: process.stdin })) {
  const [body, ...fields] = line.split(" ");
  const [id, timestamp, signatures, secret] = fields.map(text);
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures };
  console.log(verifyWebhook(Buffer.from(body, "base64"), headers, secret));
}`,
    ],
    run: [process.execPath, "driver.mjs"],
  },
  {
    name: "Python",
    probe: ["python3", "-c", "str.removeprefix"],
    file: "verify.py",
    driver: [
      "driver.py",
      `import base64, sys
from verify import verify_webhook
for line in sys.stdin:
    body, *fields = line.rstrip("\\n").split(" ")
    texts = [None if field == "-" else base64.b64decode(field).decode() for field in fields]
    names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
    headers = {name: text for name, text in zip(names, texts) if text is not None}
    print("true" if verify_webhook(base64.b64decode(body), headers, texts[3]) else "false")`,
    ],
    run: ["python3", "driver.py"],
  },
  {
    name: "Go",
    probe: ["go", "version"],
    file: "verify.go",
    driver: [
      "driver.go",
      `package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), " ")
		decoded := make([][]byte, len(fields))
		headers := http.Header{}
		for index, field := range fields {
			decoded[index], _ = base64.StdEncoding.DecodeString(field)
			name := []string{"", "webhook-id", "webhook-timestamp", "webhook-signature", ""}[index]
			if name != "" && field != "-" {
				headers.Set(name, string(decoded[index]))
			}
		}
		fmt.Println(VerifyWebhook(decoded[0], headers, string(decoded[4])))
	}
}`,
    ],
    compile: ["go", "build", "-o", "verify-go", "verify.go", "driver.go"],
    run: ["./verify-go"],
  },
  {
    name: "Ruby",
    probe: ["ruby", "--version"],
    file: "verify.rb",
    driver: [
      "driver.rb",
      `require_relative "verify"
NAMES = %w[webhook-id webhook-timestamp webhook-signature]
STDIN.each_line do |line|
  body, *fields = line.chomp.split(" ")
  texts = fields.map { |field| field == "-" ? nil : field.unpack1("m") }
  puts verify_webhook(body.unpack1("m"), NAMES.zip(texts).to_h.compact, texts[3])
end`,
    ],
    run: ["ruby", "driver.rb"],
  },
  {
    name: "PHP",
    probe: ["php", "--version"],
    file: "verify.php",
    driver: [
      "driver.php",
      `<?php
require "verify.php";
while (($line = fgets(STDIN)) !== false) {
    $fields = explode(" ", rtrim($line, "\\n"));
    $texts = array_map(fn ($field) => $field === "-" ? null : base64_decode($field), $fields);
    $names = ["webhook-id" => 1, "webhook-timestamp" => 2, "webhook-signature" => 3];
    $headers = array_filter(array_map(fn ($index) => $texts[$index], $names), fn ($text) => $text !== null);
    echo verify_webhook($texts[0], $headers, $texts[4]) ? "true" : "false", "\\n";
}`,
    ],
    run: ["php", "driver.php"],
  },
  {
    name: "Java",
    probe: ["javac", "-version"],
    file: "Verify.java",
    driver: [
      "Driver.java",
      `import java.io.*;
import java.util.*;

final class Driver {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        String[] names = {"", "webhook-id", "webhook-timestamp", "webhook-signature", "secret"};
        for (String line; (line = lines.readLine()) != null; ) {
            String[] fields = line.split(" ");
            Map<String, String> headers = new HashMap<>();
            for (int index = 1; index < fields.length; index++)
                if (!fields[index].equals("-"))
                    headers.put(names[index], new String(Base64.getDecoder().decode(fields[index])));
            System.out.println(Verify.isPostcalls(Base64.getDecoder().decode(fields[0]), headers, headers.get("secret")));
        }
    }
}`,
    ],
    compile: ["javac", "Verify.java", "Driver.java"],
    run: ["java", "-cp", ".", "Driver"],
  },
];

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
  const flipped = (bytes: Buffer, index: number) => {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
    return changed;
  };
  for (const index of request.body.keys()) yield { ...request, body: flipped(request.body, index) };
  for (const name of ["id", "timestamp", "signatures"] as const) {
    const value = Buffer.from(request[name] ?? "");
    for (const index of value.keys()) yield { ...request, [name]: flipped(value, index).toString() };
  }
}

const [newest, older, oldest] = SECRETS;
const one = signed([older]);

const CASES: { what: string; genuine: boolean; requests: [Arrived, string][] }[] = [
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
    requests: [290, -290].map((ageSeconds) => [signed([older], { ageSeconds }), older]),
  },
  {
    what: "over five minutes old, or as far in the future",
    genuine: false,
    requests: [310, -320].map((ageSeconds) => [signed([older], { ageSeconds }), older]),
  },
];

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
      const all = CASES.flatMap(({ what, genuine, requests }) =>
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
