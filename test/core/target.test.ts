/** Which URLs may be called, on the open internet and for local use, with the rule that each refusal names. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPublicAddress, judgeTarget, nameToResolve, targetRulesOf } from "../../src/core/target.ts";

const rulesAt = (publicUrl: string, allowPrivateTargets: boolean) =>
  targetRulesOf({ allowPrivateTargets, publicUrl: new URL(publicUrl) });
const DEPLOYED = rulesAt("https://hooks.postcall.example/", false);
const LOCAL = rulesAt("http://127.0.0.1:8787/", true);
const inPublic = (text: string) => judgeTarget(text, DEPLOYED);
const locally = (text: string) => judgeTarget(text, LOCAL);
const blocked = (rule: string) => ({ ok: false, reason: "blocked", rule });

const SCHEME = "its scheme is not http or https";
const CREDENTIALS = "it carries credentials";
const NOT_HTTPS = "its scheme is not https";
const ADDRESS = "its address is not on the public internet";
const LOCAL_NAME = "its host name is for local use, not the public internet";
const EMPTY_LABEL = "its host name has an empty label";
const SINGLE_LABEL = "its host name is a single label, not one of the public internet";
const OWN_HOST = "its host is this service's own";
const NOT_A_URL = { ok: false, reason: "not_a_url" };

const GOOD = [
  "https://crm.example",
  "https://crm.example/hook?x=1#part",
  "https://crm.example:8443/hook",
  "https://crm.example:80/hook",
  "https://crm.example./hook",
  "HTTPS://CRM.Example/Hook",
  "https://a.b.c.crm.example/",
  "https://xn--bcher-kva.example/",
  "https://bücher.example/",
  "https://localhost.example/",
  "https://notlocalhost.example/",
  "https://local.example/",
  "https://crm.notlocal/",
  "https://arpa.example/",
  "https://10.0.0.1.crm.example/",
  "https://hooks.postcall.example.crm.example/",
  "https://nothooks.postcall.example/",
  "https://postcall.example/",
  "https://8.8.8.8/",
  "https://8.8.8.8.:8443/",
  "https://100.63.255.255/",
  "https://100.128.0.1/",
  "https://172.32.0.1/",
  "https://[2606:4700:4700::1111]/",
  "https://[2a00:1450:4001:800::200e]:8443/",
  "https://[::ffff:8.8.8.8]/",
  "https://[2606:4700::5eff:a00:1]/",
];

/** Hosts that only a rule about addresses refuses, however they are written. */
const PRIVATE_ADDRESSES = [
  ...["127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"],
  ...[
    "127.0.0.1.",
    "127.0.0.1..",
    "0177.0.0.1..",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "１２７．０．０．１",
    "%31%32%37.0.0.1",
  ],
  ...["0.0.0.0", "0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
  ...[
    "169.254.169.254",
    "0xA9FEA9FE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "100.64.0.1",
    "100.127.255.255",
  ],
  ...["192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1"],
  ...["198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255"],
  ...["240.0.0.1", "255.255.255.255", "4294967295"],
  ...["[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::127.0.0.1]", "[::10.0.0.1]", "[::8.8.8.8]"],
  ...["[::ffff:10.0.0.1]", "[::FFFF:7F00:1]", "[::ffff:169.254.169.254]", "[::ffff:100.64.0.1]"],
  ...["[::ffff:0:10.0.0.1]", "[::ffff:0:8.8.8.8]", "[64:ff9b::10.0.0.1]", "[64:ff9b::8.8.8.8]"],
  ...["[64:ff9b:1::1]", "[64:ff9b:1:ffff::a00:1]", "[2002:7f00:1::]", "[2002:808:808::1]"],
  ...["[2001::1]", "[2001:0:4136:e378:8000:63bf:f5ff:fffe]", "[2001:2::1]", "[2001:10::1]", "[2001:20::1]"],
  ...["[2001:db8::1]", "[3fff::1]", "[3fff:fff:ffff::1]", "[5f00::1]", "[100::1]", "[4000::1]"],
  ...["[2606:4700::5efe:10.0.0.1]", "[2606:4700::200:5efe:127.0.0.1]", "[fe80::5efe:10.0.0.1]"],
  ...["[fe80::1]", "[febf::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]"],
].map((host): [string, string] => [host, ADDRESS]);

const PRIVATE_NAMES = [
  ...[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost..",
    "%6cocalhost",
    "ｌｏｃａｌｈｏｓｔ",
    "a.localhost",
  ],
  ...[
    "localhost.localdomain",
    "foo.local",
    "FOO.Local",
    "foo.local.",
    "foo。local",
    "foo．local｡",
    "a..local",
  ],
  ...["metadata.google.internal", "metadata.google.internal.", "router.home.arpa", "1.0.0.127.in-addr.arpa"],
  ...["nas.lan", "nas.home", "erp.corp", "wiki.intranet", "db.private", "crm.test", "crm.invalid", "x.onion"],
  ...["local", "internal."],
].map((host): [string, string] => [host, LOCAL_NAME]);

const SINGLE_LABELS = [
  ...[
    "intranet1",
    "metadata",
    "metadata.",
    "METADATA",
    "ｍｅｔａｄａｔａ",
    "kubernetes",
    "bücher",
    "com",
    "com.",
  ],
].map((host): [string, string] => [host, SINGLE_LABEL]);

const EMPTY_LABELS = [".router", "..router", ".hooks.postcall.example", "crm..example.com"].map(
  (host): [string, string] => [host, EMPTY_LABEL],
);

const OWN_HOSTS = [
  ...[
    "hooks.postcall.example",
    "hooks.postcall.example.",
    "hooks.postcall.example..",
    "HOOKS.Postcall.EXAMPLE",
  ],
  ...["hooks。postcall．example", "ｈｏｏｋｓ.postcall.example", "hooks%2epostcall.example"],
].map((host): [string, string] => [host, OWN_HOST]);

const HOSTILE_HOSTS = [
  ...PRIVATE_ADDRESSES,
  ...PRIVATE_NAMES,
  ...SINGLE_LABELS,
  ...EMPTY_LABELS,
  ...OWN_HOSTS,
];

const ALWAYS_BLOCKED: [string, string][] = [
  ["ftp://crm.example/", SCHEME],
  ["file:///etc/passwd", SCHEME],
  ["javascript:alert(1)", SCHEME],
  ["data:text/plain,x", SCHEME],
  ["ws://crm.example/", SCHEME],
  ["gopher://127.0.0.1:6379/_INFO", SCHEME],
  ["https://user:secret@crm.example/", CREDENTIALS],
  ["https://user@crm.example/", CREDENTIALS],
  ["https://:secret@crm.example/", CREDENTIALS],
  ["https://crm.example:443@127.0.0.1/", CREDENTIALS],
  ["https:\\\\user@crm.example\\", CREDENTIALS],
];

const NO_URLS = [
  "",
  " ",
  "crm.example/hook",
  "//crm.example",
  "/hook",
  "https://",
  "https://a.example:65536/",
  "https://[::1",
  "https://[fe80::1%25eth0]/",
  "https://256.256.256.256/",
  "https://a b.example/",
];

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
    expect(nameToResolve(new URL(text))).toBe(name);
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
