/** Which URLs may be called, on the open internet and for local use, with the rule that each refusal names. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeTarget } from "../../src/core/target.ts";

const inPublic = (text: string) => judgeTarget(text, { allowPrivate: false });
const locally = (text: string) => judgeTarget(text, { allowPrivate: true });
const blocked = (rule: string) => ({ ok: false, reason: "blocked", rule });

const NOT_PUBLIC = blocked("its host is not on the public internet");
const NOT_A_URL = { ok: false, reason: "not_a_url" };

const GOOD = [
  "https://crm.example",
  "https://crm.example/hook?x=1#part",
  "https://crm.example:8443/hook",
  "https://crm.example./hook",
  "https://a.b.c.crm.example/",
  "https://xn--bcher-kva.example/",
  "https://localhost.example/",
  "https://notlocalhost.example/",
  "https://local.example/",
  "https://crm.notlocal/",
  "https://10.0.0.1.crm.example/",
  "https://8.8.8.8/",
  "https://100.128.0.1/",
  "https://172.32.0.1/",
  "https://[2606:4700:4700::1111]/",
  "https://[::ffff:8.8.8.8]/",
];

const PRIVATE_ADDRESSES = [
  "127.0.0.1",
  "127.1",
  "127.255.255.254",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0177.0.0.1",
  "127.0.0.1.",
  "①②⑦.0.0.1",
  "0.0.0.0",
  "0",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "0xa9fea9fe",
  "100.64.0.1",
  "100.127.255.255",
  "192.0.0.1",
  "192.0.2.1",
  "198.18.0.1",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::]",
  "[::127.0.0.1]",
  "[::10.0.0.1]",
  "[::ffff:10.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:169.254.169.254]",
  "[::ffff:0:10.0.0.1]",
  "[64:ff9b::10.0.0.1]",
  "[64:ff9b::8.8.8.8]",
  "[64:ff9b:1::1]",
  "[2002:7f00:1::]",
  "[2001::1]",
  "[2001:db8::1]",
  "[fe80::1]",
  "[fec0::1]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[ff02::1]",
];

const PRIVATE_NAMES = [
  "localhost",
  "LOCALHOST",
  "localhost.",
  "localhost..",
  "%6cocalhost",
  "a.localhost",
  "foo.local",
  "foo.local.",
  "metadata.google.internal",
  "intranet",
  "intranet.",
];

const ALWAYS_BLOCKED: [string, string][] = [
  ["ftp://crm.example/", "its scheme is not http or https"],
  ["file:///etc/passwd", "its scheme is not http or https"],
  ["javascript:alert(1)", "its scheme is not http or https"],
  ["data:text/plain,x", "its scheme is not http or https"],
  ["ws://crm.example/", "its scheme is not http or https"],
  ["https://user:secret@crm.example/", "it carries credentials"],
  ["https://user@crm.example/", "it carries credentials"],
  ["https://:secret@crm.example/", "it carries credentials"],
];

const NO_URLS = [
  "",
  " ",
  "crm.example/hook",
  "//crm.example",
  "/hook",
  "https://",
  "https://a.example:65536/",
];

describe("on the open internet", () => {
  test.each(GOOD)("%s may be called", (text) => {
    expect(inPublic(text)).toEqual({ ok: true, url: new URL(text) });
  });

  test.each(PRIVATE_ADDRESSES)("the address %s may not", (host) => {
    expect(inPublic(`https://${host}/hook`)).toEqual(NOT_PUBLIC);
    expect(inPublic(`https://${host}:8443/hook`)).toEqual(NOT_PUBLIC);
  });

  test.each(PRIVATE_NAMES)("the name %s may not", (host) => {
    expect(inPublic(`https://${host}/hook`)).toEqual(NOT_PUBLIC);
  });

  test("plain http may not", () => {
    expect(inPublic("http://crm.example/hook")).toEqual(blocked("its scheme is not https"));
    expect(inPublic("http://127.0.0.1/hook")).toEqual(blocked("its scheme is not https"));
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
          expect(inPublic(`https://${host}/`)).toEqual(NOT_PUBLIC);
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
        expect(inPublic(`https://[${address}]/`)).toEqual(NOT_PUBLIC);
      }),
    );
  });
});

describe("for local use", () => {
  test.each([
    ...GOOD,
    "http://crm.example/hook",
    ...[...PRIVATE_ADDRESSES, ...PRIVATE_NAMES].map((host) => `http://${host}/hook`),
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
