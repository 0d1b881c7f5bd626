/** Runs what the console gives to copy: the programs that verify a request, and the cURL command that sends it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import { curlOf } from "../../src/console/call/curl.ts";
import { BODY_FILE, SNIPPETS, signedRequestOf } from "../../src/console/call/snippets.ts";
import { bodySignature, signingSecretOf, standardSignature } from "../../src/core/signature.ts";

const BODY = Buffer.from(
  JSON.stringify({ call_id: "call-1", note: "Zoë's ☎ 🎧 \\ $HOME `x` %s\u2028\n", price: 1.1 }),
);
const webhookId = "msg_2f7c0f0e-5b0e-4a8c-9a71-1c2d3e4f5a6b";
const timestampSeconds = 1_795_537_547;
/** The decoded key has bytes of every kind, and zeros at both ends. */
const SECRETS = [251, 62, 0].map((seed) =>
  signingSecretOf(Uint8Array.from({ length: 32 }, (_, place) => (seed * place) % 256)),
);
const newest = SECRETS[0] ?? "";

const headers = {
  "content-type": "application/json",
  "webhook-id": webhookId,
  "webhook-timestamp": String(timestampSeconds),
  "webhook-signature": SECRETS.map((secret) =>
    standardSignature({ secret, webhookId, timestampSeconds, body: BODY }),
  ).join(" "),
  "x-webhook-signature": bodySignature(newest, BODY),
  "x-note": 'it\'s "quoted" $HOME `x` \\ %s !',
};
const signed = signedRequestOf({ headers });

const folder = mkdtempSync(join(tmpdir(), "postcall-snippets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PROBES: Record<string, [string, ...string[]]> = {
  Node: [process.execPath, "--version"],
  Python: ["python3", "-c", "import hmac; hmac.digest"],
  Go: ["go", "version"],
  Ruby: ["ruby", "--version"],
  PHP: ["php", "--version"],
  Java: ["java", "--version"],
  Shell: ["sh", "-c", "openssl version && od --version"],
};

const isThere = ([command, ...args]: [string, ...string[]]) => spawnSync(command, args).status === 0;

describe.each(SNIPPETS)("the program in $language", ({ language, file, run, code }) => {
  const verdictOf = (body: Buffer, secret: string): string => {
    writeFileSync(join(folder, BODY_FILE), body);
    writeFileSync(join(folder, file), signed === null ? "" : code(signed));
    const [command = "", ...args] = run.split(" ");
    const env = { ...process.env, POSTCALL_SECRET: secret };
    const output = execFileSync(command === "node" ? process.execPath : command, args, { cwd: folder, env });
    return output.toString().toLowerCase();
  };
  const verdict = (standard: boolean, older: boolean) =>
    `webhook-signature: ${standard}\nx-webhook-signature: ${older}\n`;

  test.skipIf(!isThere(PROBES[language] ?? ["false"]))("tells which signatures are right", () => {
    expect(verdictOf(BODY, newest)).toBe(verdict(true, true));
    expect(verdictOf(BODY, SECRETS[2] ?? "")).toBe(verdict(true, false));
    expect(verdictOf(BODY, signingSecretOf(new Uint8Array(32).fill(7)))).toBe(verdict(false, false));
    expect(verdictOf(Buffer.concat([BODY, Buffer.from("\n")]), newest)).toBe(verdict(false, false));
  });
});

test.skipIf(!isThere(["curl", "--version"]))(
  "the cURL command sends the same bytes and headers",
  async () => {
    const arrived: { body: Buffer; headers: Record<string, unknown>; url: string | undefined }[] = [];
    const server = createServer(async (request, response) => {
      arrived.push({ body: await buffer(request), headers: request.headers, url: request.url });
      response.end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    // Longer than one argument of a program may be.
    const bodies = [BODY.toString(), JSON.stringify({ note: "é'".repeat(100_000) }), "%s\\n"];
    for (const [index, body] of bodies.entries()) {
      const url = `http://127.0.0.1:${port}/hook?x=[1]&y={a,b}&z='${index}'`;
      writeFileSync(join(folder, "send.sh"), curlOf({ url, headers }, body));
      expect(await exitCodeOf("sh", ["send.sh"])).toBe(0);
    }
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    expect(arrived.map(({ body }) => body.toString())).toEqual(bodies);
    expect(arrived[0]?.headers).toMatchObject(headers);
    expect(decodeURIComponent(arrived[1]?.url ?? "")).toBe("/hook?x=[1]&y={a,b}&z='1'");
  },
);

/** The exit code. This process must go on meanwhile: it is the receiver. */
function exitCodeOf(command: string, args: string[]): Promise<number | null> {
  const child = spawn(command, args, { cwd: folder, stdio: "ignore" });
  return new Promise((done) => child.once("close", done));
}
