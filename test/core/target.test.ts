/** Which URLs may be called, on the open internet and for local use, with the rule that each refusal names. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isPublicAddress,
  judgeTarget,
  keptUrl,
  nameToResolve,
  targetRulesOf,
} from "../../src/core/target.ts";
import {
  ADDRESS,
  ALWAYS_BLOCKED,
  CREDENTIALS,
  GOOD,
  HOSTILE_HOSTS,
  LOCAL_NAME,
  NO_URLS,
  NOT_HTTPS,
  OWN_HOST,
  SCHEME,
} from "./target-samples.ts";

const rulesAt = (publicUrl: string, allowPrivateTargets: boolean) =>
  targetRulesOf({ allowPrivateTargets, publicUrl: new URL(publicUrl) });
const DEPLOYED = rulesAt("https://hooks.postcall.example/", false);
const LOCAL = rulesAt("http://127.0.0.1:8787/", true);
const inPublic = (text: string) => judgeTarget(text, DEPLOYED);
const locally = (text: string) => judgeTarget(text, LOCAL);
const blocked = (rule: string) => ({ ok: false, reason: "blocked", rule });

const NOT_A_URL = { ok: false, reason: "not_a_url" };

describe("on the open internet", () => {
  test.each(GOOD)("%s may be called", (text) => {
    expect(inPublic(text)).toEqual({ ok: true, url: new URL(text) });
  });

  test.each(HOSTILE_HOSTS)("the host %s may not: %s", (host, rule) => {
    for (const text of [`https://${host}/hook`, `https://${host}:8443/hook`, `HTTPS://${host}:1?x#y`])
      expect(inPublic(text), text).toEqual(blocked(rule));
  });

  test("plain http may not", () => {
    expect(inPublic("http://crm.example/hook")).toEqual(blocked(NOT_HTTPS));
    expect(inPublic("http://127.0.0.1/hook")).toEqual(blocked(NOT_HTTPS));
    expect(inPublic("HTTP://crm.example:443/hook")).toEqual(blocked(NOT_HTTPS));
  });

  test("our own host may not where it is an address", () => {
    const rules = rulesAt("https://8.8.8.8:8443", false);
    expect(judgeTarget("https://0x08080808./", rules)).toEqual(blocked(OWN_HOST));
    expect(judgeTarget("https://8.8.4.4/", rules)).toMatchObject({ ok: true });
  });

  test("no address of a private IPv4 block may, in dotted, decimal or mapped form", () => {
    const block = fc.constantFrom(
      [10, 8],
      [127, 8],
      [0, 8],
      [0xa9fe, 16],
      [0xc0a8, 16],
      [0xac1, 12],
      [0x191, 10],
    );
    fc.assert(
      fc.property(block, fc.nat({ max: 0xffffffff }), ([prefix = 0, length = 0], rest) => {
        const size = 2 ** (32 - length);
        const address = prefix * size + (rest % size);
        const octets = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
        for (const host of [octets, String(address), `0x${address.toString(16)}`, `[::ffff:${octets}]`])
          expect(inPublic(`https://${host}/`)).toEqual(blocked(ADDRESS));
      }),
    );
  });

  test("no IPv6 address outside 2000::/3 may", () => {
    const group = fc.nat({ max: 0xffff }).map((number) => number.toString(16));
    const first = fc.nat({ max: 0xffff }).filter((number) => number >>> 13 !== 1);
    fc.assert(
      fc.property(first, fc.array(group, { minLength: 7, maxLength: 7 }), (head, tail) => {
        const address = [head.toString(16), ...tail].join(":");
        fc.pre(!/^(0:){5}ffff:/.test(address));
        expect(inPublic(`https://[${address}]/`)).toEqual(blocked(ADDRESS));
      }),
    );
  });
});

const INBOX = "0123456789abcdef".repeat(4);

describe("on our own host", () => {
  test.each([
    `https://hooks.postcall.example/inbox/${INBOX}`,
    `https://hooks.postcall.example/inbox/${INBOX}?token=x#part`,
    `https://hooks.postcall.example:443/inbox/${INBOX}`,
    `HTTPS://Hooks.Postcall.Example/inbox/${INBOX}`,
    `https://hooks.postcall.example/inbox/../inbox/./${INBOX}`,
    `https:\\hooks.postcall.exampleinbox\${INBOX}`,
  ])("the inbox %s may be called", (text) => {
    expect(inPublic(text)).toEqual({ ok: true, url: new URL(text) });
  });

  test.each([
    `/inbox/${INBOX}/`,
    `/inbox/${INBOX}/sub`,
    `/inbox/${INBOX}%2f`,
    `/inbox/${INBOX}/../../v1/postcall/calls`,
    `/inbox/${INBOX}/%2e%2e/%2e%2e/v1/postcall/calls`,
    `/inbox/${INBOX}\\..\\..\\v1`,
    "/inbox/../v1/postcall/calls",
    `/inbox%2f${INBOX}`,
    `/%69nbox/${INBOX}`,
    `//inbox/${INBOX}`,
    `/Inbox/${INBOX}`,
    `/inbox/${INBOX.toUpperCase()}`,
    `/inbox/${INBOX}0`,
    `/inbox/${INBOX.slice(1)}`,
    `/inbox/${INBOX};x`,
    `/v1/inboxes/${INBOX}/requests`,
    `/v1/../inbox/${INBOX}/x`,
    `/?x=/inbox/${INBOX}`,
    `/#/inbox/${INBOX}`,
    ...["/inbox", "/inbox/", "/", "/v1/inboxes", "/console"],
  ])("%s may not", (path) => {
    expect(inPublic(`https://hooks.postcall.example${path}`)).toEqual(blocked(OWN_HOST));
  });

  test.each([
    [`https://hooks.postcall.example:8443/inbox/${INBOX}`, OWN_HOST],
    [`https://hooks.postcall.example./inbox/${INBOX}`, OWN_HOST],
    [`http://hooks.postcall.example/inbox/${INBOX}`, NOT_HTTPS],
    [`https://user@hooks.postcall.example/inbox/${INBOX}`, CREDENTIALS],
    [`ftp://hooks.postcall.example/inbox/${INBOX}`, SCHEME],
    [`https://127.0.0.1/inbox/${INBOX}`, ADDRESS],
    [`https://localhost/inbox/${INBOX}`, LOCAL_NAME],
  ])("an inbox's path elsewhere gains nothing: %s", (text, rule) => {
    expect(inPublic(text)).toEqual(blocked(rule));
  });

  test("not even an inbox may be called by rules that name no origin, as older batches write them", () => {
    const { ownOrigin: _ownOrigin, ...older } = DEPLOYED;
    const text = `https://hooks.postcall.example/inbox/${INBOX}`;
    expect(judgeTarget(text, older)).toEqual(blocked(OWN_HOST));
  });
});

describe("for local use", () => {
  test.each([
    ...GOOD,
    "http://crm.example/hook",
    ...[...HOSTILE_HOSTS, ["127.0.0.1:8787"]].map(([host]) => `http://${host}/hook`),
  ])("%s may be called", (text) => {
    expect(locally(text)).toEqual({ ok: true, url: new URL(text) });
  });
});

describe("nowhere", () => {
  test.each(ALWAYS_BLOCKED)("%s may be called: %s", (text, rule) => {
    expect(inPublic(text)).toEqual(blocked(rule));
    expect(locally(text)).toEqual(blocked(rule));
  });

  test.each(NO_URLS)("%j is a URL", (text) => {
    expect(inPublic(text)).toEqual(NOT_A_URL);
    expect(locally(text)).toEqual(NOT_A_URL);
  });

  test("a URL of more than 2,048 characters may be called", () => {
    const ofLength = (length: number) => "https://crm.example/".padEnd(length, "a");
    const tooLong = blocked("it is longer than 2048 characters");
    for (const judge of [inPublic, locally]) {
      expect(judge(ofLength(2_048))).toMatchObject({ ok: true });
      expect(judge(ofLength(2_049))).toEqual(tooLong);
    }
  });

  test("does a text leave the judge without a verdict", () => {
    const text = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.string().map((rest) => `https://${rest}`),
    );
    fc.assert(
      fc.property(text, (any) => {
        expect(inPublic(any).ok).toBeTypeOf("boolean");
      }),
    );
  });
});

describe("a name", () => {
  test.each([
    ["https://crm.example/", "crm.example"],
    ["https://CRM.example.:8443/", "crm.example"],
    ["https://10.0.0.1.crm.example/", "10.0.0.1.crm.example"],
    ["https://8.8.8.8./", null],
    ["https://[2606:4700:4700::1111]/", null],
  ])("of %s that is to be resolved is %s", (text, name) => {
    expect(nameToResolve(new URL(text), DEPLOYED)).toBe(name);
  });

  test.each([
    ["8.8.8.8", true],
    ["2606:4700:4700::1111", true],
    ["::ffff:8.8.8.8", true],
    ["10.0.0.1", false],
    ["::ffff:10.0.0.1", false],
    ["fd00:ec2::254", false],
    ["fe80::1%eth0", false],
    ["64:ff9b::7f00:1", false],
  ])("that resolves to %s is public: %s", (address, verdict) => {
    expect(isPublicAddress(address)).toBe(verdict);
  });
});

test.each([
  [" https://crm.example/hook\t", "https://crm.example/hook"],
  ["https://crm.example/hook#1", "https://crm.example/hook"],
  ["https://crm.example#", "https://crm.example/"],
  ["HTTPS://CRM.example:443/a/../hook?b=1#c", "https://crm.example/hook?b=1"],
])("%j is kept as %s", (given, kept) => {
  expect(keptUrl(new URL(given))).toBe(kept);
});

test("the address of Azure's hosts is not public, however it is spelled", () => {
  for (const host of ["168.63.129.16", "[::ffff:168.63.129.16]", "2822734096"])
    expect(
      judgeTarget(`https://${host}/`, { allowPrivate: false, ownHost: "postcall.example" }),
    ).toMatchObject({ ok: false });
});

test("a URL that is too long once it is written in its kept spelling is refused", () => {
  const rules = { allowPrivate: true, ownHost: "postcall.example" };
  expect(judgeTarget(`https://crm.example/${"é".repeat(330)}`, rules)).toMatchObject({ ok: true });
  expect(judgeTarget(`https://crm.example/${"é".repeat(350)}`, rules)).toMatchObject({
    ok: false,
    rule: expect.stringContaining("longer than 2048 characters"),
  });
});
