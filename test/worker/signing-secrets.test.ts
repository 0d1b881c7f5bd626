/** An org's signing secrets: listed without their values, rotated with an overlap, and each live one signs what is sent. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../support/handlers.ts";
import { deliver, expectSignedWith, HOUR_MS, letHoursPass, signatures, verifies } from "../support/signed.ts";
import {
  call,
  endedLogOf,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  type Org,
  receiver,
  reportCall,
  rotate,
  secretsOf,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});
afterEach(() => vi.restoreAllMocks());

const ROTATE = "/v1/org/signing-secrets/rotate";

/** Replaces a secret by something that can't be decrypted. */
const spoil = ({ user_id }: Org, id: string) =>
  env.DB.prepare(
    "UPDATE signing_secrets SET ciphertext = '00000000.AAAA.AAAA' WHERE user_id = ?1 AND id = ?2",
  )
    .bind(user_id, id)
    .run();

const storedIds = async ({ user_id }: Org) => {
  const query = env.DB.prepare("SELECT id FROM signing_secrets WHERE user_id = ? ORDER BY created_at DESC");
  return (await query.bind(user_id).all<{ id: string }>()).results.map(({ id }) => id);
};

describe("a rotation", () => {
  test("answers the new secret once, and lets the one before expire when the overlap ends", async () => {
    const [first] = await secretsOf(org);
    expect(first).toMatchObject({ id: "sec_test", expires_at: null });
    const before = Date.now();
    const { status, body } = await rotate(org, { overlap_hours: 48 });
    const after = Date.now();
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        data: {
          id: expect.stringMatching(/^sec_[0-9a-f-]{36}$/),
          secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
          created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          activates_at: body.data.created_at,
          expires_at: null,
        },
        errors: null,
      },
    });
    const { secret: _shownOnce, ...newest } = body.data;
    const [listed, older] = await secretsOf(org);
    expect(listed).toEqual(newest);
    expect(older).toEqual({ ...first, expires_at: expect.any(String) });
    expect(Date.parse(older?.expires_at ?? "")).toBeGreaterThanOrEqual(before + 48 * HOUR_MS);
    expect(Date.parse(older?.expires_at ?? "")).toBeLessThanOrEqual(after + 48 * HOUR_MS);
  });

  test.each([
    ["no body", undefined],
    ["an empty body", {}],
  ])("with %s overlaps for 24 hours", async (_what, body) => {
    const { data } = (await rotate(org, body)).body;
    const [newest, older] = await secretsOf(org);
    expect(newest?.id).toBe(data.id);
    const overlapMs = Date.parse(older?.expires_at ?? "") - Date.parse(data.created_at);
    expect(Math.abs(overlapMs - 24 * HOUR_MS)).toBeLessThan(5_000);
  });

  test("without an overlap ends the older secrets at once and removes them", async () => {
    await rotate(org);
    const { data } = (await rotate(org, { overlap_hours: 0 })).body;
    expect(await secretsOf(org)).toMatchObject([{ id: data.id, expires_at: null }]);
    expect(await storedIds(org)).toEqual([data.id]);
    await expectSignedWith(await deliver(org), [data.secret], [org.secret]);
  });

  test("never lets an older secret live longer than it would have", async () => {
    await rotate(org, { overlap_hours: 2 });
    const [, before] = await secretsOf(org);
    await rotate(org, { overlap_hours: 168 });
    const [, second, first] = await secretsOf(org);
    expect(first).toEqual(before);
    expect(Date.parse(second?.expires_at ?? "")).toBeGreaterThan(Date.now() + 167 * HOUR_MS);
    await rotate(org, { overlap_hours: 1 });
    const ends = (await secretsOf(org)).map(({ expires_at }) => Date.parse(expires_at ?? "9999-01-01"));
    expect(Math.max(...ends.slice(1))).toBeLessThanOrEqual(Date.now() + HOUR_MS);
  });

  test("removes the secrets that have expired", async () => {
    await rotate(org, { overlap_hours: 1 });
    await letHoursPass(org, 1);
    expect(await secretsOf(org)).toHaveLength(1);
    expect(await storedIds(org)).toHaveLength(2);
    await rotate(org);
    expect(await storedIds(org)).toEqual((await secretsOf(org)).map(({ id }) => id));
    expect(await storedIds(org)).not.toContain("sec_test");
  });

  test("is refused where ten are live already, changes nothing, and is taken without an overlap", async () => {
    for (let live = 1; live < 10; live++) expect((await rotate(org)).status).toBe(200);
    const before = await secretsOf(org);
    expect(before).toHaveLength(10);
    expectRefusal(await rotate(org, { overlap_hours: 1 }), 409, "CONFLICT", /10 signing secrets are live/);
    expect(await secretsOf(org)).toEqual(before);
    expect(signatures(await deliver(org))).toHaveLength(10);
    expect((await rotate(org, { overlap_hours: 0 })).status).toBe(200);
    expect(await secretsOf(org)).toHaveLength(1);
  });

  test("at the same time as others leaves one newest, and each secret in the order it was made", async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => rotate(org)));
    const made = answers.map(({ body }) => body.data).sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    expect(new Set(made.map(({ created_at }) => created_at)).size).toBe(4);
    const listed = await secretsOf(org);
    expect(listed.map(({ id }) => id)).toEqual([...made.map(({ id }) => id), "sec_test"]);
    expect(listed.map(({ expires_at }) => expires_at === null)).toEqual([true, false, false, false, false]);
    await expectSignedWith(await deliver(org), [...made.map(({ secret }) => secret), org.secret]);
  });

  test.each([
    ["more than a week", { overlap_hours: 169 }, /overlap_hours must be a whole number .* is 169/],
    ["less than nothing", { overlap_hours: -1 }, /from 0 to 168, and is -1/],
    ["half an hour", { overlap_hours: 0.5 }, /overlap_hours .* is 0.5/],
    ["text", { overlap_hours: "24" }, /overlap_hours .* is "24"/],
    [
      "an activation after more than a week",
      { activate_in_hours: 169 },
      /activate_in_hours must be .* is 169/,
    ],
    ["an unknown member", { overlap: 1 }, /not known: "overlap"/],
  ])("is refused for %s, and changes nothing", async (_what, body, message) => {
    expectRefusal(await rotate(org, body), 400, "invalid_parameter", message);
    expect(await secretsOf(org)).toMatchObject([{ id: "sec_test", expires_at: null }]);
  });

  test("is refused to a key without the scope configure, and touches no other org", async () => {
    const reader = { key: await makeKey(org.user_id, { scopes: ["read", "send", "report"] }) };
    expectRefusal(await rotate(reader), 403, "FORBIDDEN", /configure/);
    const other = await makeOrg();
    await rotate(other, { overlap_hours: 0 });
    expect(await secretsOf(reader)).toMatchObject([{ id: "sec_test", expires_at: null }]);
    expectRefusal(await call(org, "GET", ROTATE), 405, "METHOD_NOT_ALLOWED");
  });
});

describe("a delivery", () => {
  test("during an overlap is signed with each live secret, newest first, and afterwards with the newest", async () => {
    await expectSignedWith(await deliver(org), [org.secret]);
    const second = (await rotate(org, { overlap_hours: 10 })).body.data.secret;
    await expectSignedWith(await deliver(org), [second, org.secret]);
    await letHoursPass(org, 5);
    const third = (await rotate(org, { overlap_hours: 10 })).body.data.secret;
    await expectSignedWith(await deliver(org), [third, second, org.secret]);
    await letHoursPass(org, 5);
    await expectSignedWith(await deliver(org), [third, second], [org.secret]);
    await letHoursPass(org, 5);
    await expectSignedWith(await deliver(org), [third], [second, org.secret]);
  });

  test("is signed with the secrets that can be opened", async () => {
    const { id, secret } = (await rotate(org)).body.data;
    await spoil(org, "sec_test");
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await expectSignedWith(await deliver(org), [secret], [org.secret]);
    expect(warn.mock.calls.flat().join()).toContain(org.user_id);
    const other = await makeOrg();
    await spoil(other, (await rotate(other)).body.data.id);
    await expectSignedWith(await deliver(other), [other.secret]);
    expect((await secretsOf(org)).map((entry) => entry.id)).toEqual([id, "sec_test"]);
  });

  test("waits unsent where none can be opened, and goes out once there is one that can", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await spoil(org, "sec_test");
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key])).toEqual([60]);
    expect(await crm.received()).toEqual([]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", metadata: [] });
    expect(error.mock.calls.flat().join()).toContain(`No usable signing secret for org ${org.user_id}`);
    const { secret } = (await rotate(org)).body.data;
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    const [request] = await crm.received();
    expect(request && verifies(request, secret)).toBe(true);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered" });
  });
});

test("a secret that was copied into another org's row signs nothing there, also once it was decrypted for its own", async () => {
  const crm = await receiver(200);
  const own = await makeOrg();
  await endedLogOf(own, (await reportCall(own, { webhook: crm.url })).call_id);
  const thief = await makeOrg();
  await env.DB.prepare(
    `UPDATE signing_secrets SET ciphertext = (SELECT ciphertext FROM signing_secrets WHERE user_id = ?1)
     WHERE user_id = ?2`,
  )
    .bind(own.user_id, thief.user_id)
    .run();
  const key = await reportUnheard(thief, crm.url);
  expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual([60]);
  expect(await crm.received()).toHaveLength(1);
});
