/** The operator's forms and figures. */
import { describe, expect, test } from "vitest";
import { found, limitsChangesOf, limitsDraftOf, NO_LIMITS, SCOPES } from "../../src/console/admin/form.ts";
import type { AdminOrg } from "../../src/console/answers.ts";
import { DEFAULT_STORED_GB, keyState, readinessWords, storedOf } from "../../src/console/usage-words.ts";
import { changedOrgSchema, newKeySchema } from "../../src/http/admin/schemas.ts";
import { SCOPES as SERVER_SCOPES } from "../../src/record/keys.ts";
import { DEFAULT_STORED_GB as SERVER_DEFAULT } from "../../src/record/quota.ts";

describe("limits", () => {
  const before = limitsDraftOf({ reports_per_minute: 600, stored_gb: null });

  test("that are the same are not sent", () => {
    expect(limitsChangesOf(before, { ...before })).toEqual({});
    expect(limitsChangesOf(NO_LIMITS, NO_LIMITS)).toEqual({});
  });

  test("that are emptied go back to the default", () => {
    expect(limitsChangesOf(before, { ...before, reports_per_minute: "" })).toEqual({
      reports_per_minute: null,
    });
  });

  test("that are set are numbers, which the server takes", () => {
    const limits = limitsChangesOf(before, { reports_per_minute: "600", stored_gb: "0.5" });
    expect(limits).toEqual({ stored_gb: 0.5 });
    expect(changedOrgSchema.safeParse({ limits }).success).toBe(true);
  });

  test("that are no numbers are left to the server to refuse", () => {
    const limits = limitsChangesOf(before, { ...before, stored_gb: "much" });
    expect(limits).toEqual({ stored_gb: "much" });
    expect(changedOrgSchema.safeParse({ limits }).success).toBe(false);
  });

  test("have the server's default", () => {
    expect(DEFAULT_STORED_GB).toBe(SERVER_DEFAULT);
  });
});

test("the form has every scope of a key", () => {
  const scopes = SCOPES.map(({ scope }) => scope);
  expect([...scopes].sort()).toEqual([...SERVER_SCOPES].sort());
  expect(newKeySchema.safeParse({ name: "x", scopes }).success).toBe(true);
});

test("orgs are found by a part of their name or id", () => {
  const orgs = [
    { name: "Acme Voice", user_id: "org_0_a1" },
    { name: "Borough", user_id: "org_0_b2" },
  ] as AdminOrg[];
  const names = (text: string) => found(orgs, text).map(({ name }) => name);
  expect([names("voice "), names("B2"), names("org"), names("nothing")]).toEqual([
    ...[["Acme Voice"], ["Borough"], ["Acme Voice", "Borough"], []],
  ]);
});

test.each([
  [0, 5, "ok", "0 B of 5 GB"],
  [4_000_000_000, 5, "wait", "4.0 GB of 5 GB"],
  [6_000_000_000, 5, "bad", "6.0 GB of 5 GB"],
  [1_000_000, 0.001, "bad", "1.0 MB of 0.001 GB"],
])("%i bytes of %d GB are %s: %s", (bytes, gb, kind, text) => {
  expect(storedOf(bytes, gb)).toMatchObject({ kind, text });
  expect(storedOf(bytes, gb).share).toBeLessThanOrEqual(1);
});

describe("readiness", () => {
  const words = (data: object) => readinessWords({ ok: true, data: { status: "ok", ...data } });

  test("without figures says only that it is ready", () => {
    expect(words({})).toEqual({ kind: "ok", text: "The service is ready." });
  });

  test("tells what is overdue and how far the sweep is", () => {
    expect(words({ overdue: 0, oldest_due: null, counted_all: true, floor_age_seconds: 12 })).toEqual({
      ...{
        kind: "ok",
        text: "The service is ready, nothing is overdue, the sweep has walked up to 12 s ago.",
      },
    });
    expect(words({ overdue: 1_000, counted_all: false, floor_age_seconds: null })).toEqual({
      ...{ kind: "wait", text: "The service is ready, over 1,000 calls are overdue." },
    });
  });

  test("that is refused gives the reason", () => {
    expect(readinessWords({ ok: false, errors: [{ message: "The database lacks 0042." }] })).toEqual({
      ...{ kind: "bad", text: "The database lacks 0042." },
    });
  });
});

test("a key is valid until it is revoked or expires", () => {
  const now = Date.UTC(2026, 10, 26);
  const time = "2026-11-26T00:00:00.000Z";
  const later = "2026-11-27T00:00:00.000Z";
  const word = (revoked_at: string | null, expires_at: string | null) =>
    keyState({ revoked_at, expires_at }, now).word;
  expect([word(null, null), word(null, later), word(null, time), word(time, later)]).toEqual([
    ...["Valid", "Valid", "Expired", "Revoked"],
  ]);
});
