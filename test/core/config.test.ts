/** The environment's variables: their types, and the refusal of each by its name, with no secret in it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../../src/config.ts";
import { sha256Hex } from "../../src/core/signature.ts";

const MASTER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const OTHER_MASTER_KEY = btoa("abcdefghijklmnopqrstuvwxyzabcdef");
const KEYS = [new TextEncoder().encode("01234567890123456789012345678901")];
const OTHER_KEYS = [new TextEncoder().encode("abcdefghijklmnopqrstuvwxyzabcdef")];
const ENV = {
  RETRY_SCHEDULE: "5s, 5m, 24h",
  DELIVERY_TIMEOUT: "15s",
  SWEEP_GRACE: "60s",
  ALLOW_PRIVATE_TARGETS: "false",
  PUBLIC_URL: "https://postcall.example.com",
  RETENTION_DAYS: "30",
  ADMIN_KEY: "admin-key-of-enough-characters-1",
  SECRETS_KEY: MASTER_KEY,
  SESSION_KEY: "session-key-of-enough-characters",
};
type Name = keyof typeof ENV;
/** Without a usable admin key only the admin API is shut. */
const NAMES = (Object.keys(ENV) as Name[]).filter((name) => name !== "ADMIN_KEY");
const SECRET_NAMES: Name[] = ["ADMIN_KEY", "SECRETS_KEY", "SESSION_KEY"];

/** What the refusal of `env` says; empty where it is not refused. */
function refusalOf(env: Record<string, unknown>): string {
  try {
    readConfig(env);
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : "";
  }
}
const namedIn = (refusal: string) =>
  [...refusal.matchAll(/(?:^|; )([A-Z_]+) must be/g)].map(([, name]) => name);

describe("the configuration", () => {
  test("is every variable in its own type", () => {
    expect(readConfig(ENV)).toEqual({
      retryScheduleMs: [5_000, 300_000, 86_400_000],
      deliveryTimeoutMs: 15_000,
      sweepGraceMs: 60_000,
      allowPrivateTargets: false,
      publicUrl: new URL("https://postcall.example.com"),
      retentionDays: 30,
      adminKeyDigest: sha256Hex("admin-key-of-enough-characters-1"),
      adminKeyProblem: null,
      masterKeys: KEYS,
      sessionKey: "session-key-of-enough-characters",
    });
  });

  test("ignores bindings and variables that are not its own", () => {
    expect(readConfig({ ...ENV, DB: { prepare: () => null }, PATH: "/bin" })).toEqual(readConfig(ENV));
  });

  test.each<[Name, string, object]>([
    ["RETRY_SCHEDULE", "", { retryScheduleMs: [] }],
    ["RETRY_SCHEDULE", "1s,1s", { retryScheduleMs: [1_000, 1_000] }],
    ["RETRY_SCHEDULE", "0s", { retryScheduleMs: [0] }],
    ["DELIVERY_TIMEOUT", "250ms", { deliveryTimeoutMs: 250 }],
    ["PUBLIC_URL", "http://127.0.0.1:8787/", { publicUrl: new URL("http://127.0.0.1:8787") }],
    ["RETENTION_DAYS", "1", { retentionDays: 1 }],
    ["RETENTION_DAYS", "3650", { retentionDays: 3_650 }],
    ["ALLOW_PRIVATE_TARGETS", "true", { allowPrivateTargets: true }],
    ["SECRETS_KEY", `${OTHER_MASTER_KEY},${MASTER_KEY}`, { masterKeys: [...OTHER_KEYS, ...KEYS] }],
    ["SECRETS_KEY", ` ${MASTER_KEY} , ${OTHER_MASTER_KEY} `, { masterKeys: [...KEYS, ...OTHER_KEYS] }],
  ])("reads %s=%j", (name, value, expected) => {
    expect(readConfig({ ...ENV, [name]: value })).toMatchObject(expected);
  });

  test.each(["http://127.0.0.1:8787", "http://localhost:8787", "http://[::1]:8787"])(
    "takes a short admin key at %s, but no short session key",
    (url) => {
      const local = { ...ENV, PUBLIC_URL: url };
      expect(readConfig({ ...local, ADMIN_KEY: "pc" }).adminKeyDigest).toBe(sha256Hex("pc"));
      expect(readConfig({ ...local, ADMIN_KEY: "" }).adminKeyDigest).toBeNull();
      expect(namedIn(refusalOf({ ...local, SESSION_KEY: "s".repeat(31) }))).toEqual(["SESSION_KEY"]);
    },
  );

  test.each([
    "https://postcall.example.com",
    "https://localhost.example.com",
    "https://127.0.0.1.example.com",
    "http://10.0.0.1",
  ])("takes no short admin key at %s, even where private targets are let through", (url) => {
    const reachable = { ...ENV, PUBLIC_URL: url, ALLOW_PRIVATE_TARGETS: "true" };
    expect(readConfig({ ...reachable, ADMIN_KEY: "a".repeat(31) }).adminKeyDigest).toBeNull();
  });
});

test.each([undefined, null, "", "a-key-too-short-to-be-a-secret!"])(
  "an admin key that is missing or short (%j) leaves the rest usable, and what is wrong with it is said without it",
  (value) => {
    const { adminKeyDigest, adminKeyProblem, ...rest } = readConfig({ ...ENV, ADMIN_KEY: value });
    expect(adminKeyDigest).toBeNull();
    expect(adminKeyProblem).toMatch(/^ADMIN_KEY must be a secret of at least 32 characters/);
    if (value) expect(adminKeyProblem).not.toContain(value);
    expect(readConfig(ENV)).toMatchObject(rest);
  },
);

describe("a refusal", () => {
  test.each(NAMES)("names %s where it is missing or no text", (name) => {
    for (const value of [undefined, null, 7, true, {}, []])
      expect(namedIn(refusalOf({ ...ENV, [name]: value }))).toEqual([name]);
  });

  test.each<[Name, string]>([
    ["RETRY_SCHEDULE", "5s, soon"],
    ["RETRY_SCHEDULE", "5"],
    ["DELIVERY_TIMEOUT", "0s"],
    ["DELIVERY_TIMEOUT", "15"],
    ["DELIVERY_TIMEOUT", ""],
    ["DELIVERY_TIMEOUT", "301s"],
    ["DELIVERY_TIMEOUT", "999999999999h"],
    ["RETRY_SCHEDULE", "5s, 721h"],
    ["SWEEP_GRACE", "25h"],
    ["SWEEP_GRACE", "0ms"],
    ["SWEEP_GRACE", "1.5s"],
    ["ALLOW_PRIVATE_TARGETS", "yes"],
    ["ALLOW_PRIVATE_TARGETS", ""],
    ["ALLOW_PRIVATE_TARGETS", "TRUE"],
    ["PUBLIC_URL", "postcall.example.com"],
    ["PUBLIC_URL", "https://postcall.example.com/api"],
    ["PUBLIC_URL", "https://postcall.example.com/?x=1"],
    ["PUBLIC_URL", "https://postcall.example.com/#x"],
    ["PUBLIC_URL", "https://user@postcall.example.com/"],
    ["PUBLIC_URL", "https://:password@postcall.example.com/"],
    ["PUBLIC_URL", "ftp://postcall.example.com"],
    ["RETENTION_DAYS", "0"],
    ["RETENTION_DAYS", "3651"],
    ["RETENTION_DAYS", "1.5"],
    ["RETENTION_DAYS", "-1"],
    ["RETENTION_DAYS", "30d"],
  ])("names %s where it is %j, and shows it", (name, value) => {
    const refusal = refusalOf({ ...ENV, [name]: value });
    expect(namedIn(refusal)).toEqual([name]);
    expect(refusal).toContain(JSON.stringify(value));
  });

  test.each<[Name, string]>([
    ["SESSION_KEY", "s-key-too-short-to-be-a-secret!"],
    ["SECRETS_KEY", "not base64 at all!"],
    ["SECRETS_KEY", btoa("sixteen bytes ok")],
    ["SECRETS_KEY", btoa("thirty-three bytes, one too many!")],
  ])("names %s where it is unusable, and never shows it", (name, value) => {
    const refusal = refusalOf({ ...ENV, [name]: value });
    expect(namedIn(refusal)).toEqual([name]);
    expect(refusal).not.toContain(value);
  });

  test.each([
    [`${MASTER_KEY},short`, "key 2 of 2 is not"],
    [`${MASTER_KEY},`, "key 2 of 2 is not"],
    [`,${MASTER_KEY}`, "key 1 of 2 is not"],
    [`c2hvcnQ=,${MASTER_KEY},!`, "key 1, 3 of 3 is not"],
  ])("names the unusable ones of several keys in SECRETS_KEY, and shows none: %s", (value, which) => {
    const refusal = refusalOf({ ...ENV, SECRETS_KEY: value });
    expect(namedIn(refusal)).toEqual(["SECRETS_KEY"]);
    expect(refusal).toContain(which);
    for (const key of value.split(",").filter((text) => text.length > 1)) expect(refusal).not.toContain(key);
  });

  test("names every unusable variable and no other, and shows no secret", () => {
    fc.assert(
      fc.property(fc.subarray(NAMES, { minLength: 1 }), (bad) => {
        const env = { ...ENV, ...Object.fromEntries(bad.map((name) => [name, `?${name.toLowerCase()}?`])) };
        const refusal = refusalOf(env);
        expect(namedIn(refusal).toSorted()).toEqual(bad.toSorted());
        for (const name of SECRET_NAMES) expect(refusal).not.toContain(env[name]);
      }),
    );
  });
});
