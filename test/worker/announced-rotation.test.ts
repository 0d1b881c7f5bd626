/** A new signing secret can be announced before it is the org's own one, and a secret can be ended before its time. */
import { beforeEach, describe, expect, test } from "vitest";
import { deliver, expectSignedWith, HOUR_MS, letHoursPass } from "../support/signed.ts";
import { call, expectRefusal, makeKey, makeOrg, type Org, rotate, secretsOf } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

describe("an announced rotation", () => {
  test("signs with both secrets at once; the new one becomes the org's own later, and only then the overlap begins", async () => {
    const { secret, activates_at, created_at } = (
      await rotate(org, { activate_in_hours: 48, overlap_hours: 10 })
    ).body.data;
    expect(Date.parse(activates_at) - Date.parse(created_at)).toBe(48 * HOUR_MS);
    const [listed, older] = await secretsOf(org);
    expect(listed).toMatchObject({ activates_at, expires_at: null });
    expect(Date.parse(older?.expires_at ?? "") - Date.parse(activates_at)).toBe(10 * HOUR_MS);
    await expectSignedWith(await deliver(org), [org.secret, secret]);
    await letHoursPass(org, 47);
    await expectSignedWith(await deliver(org), [org.secret, secret]);
    await letHoursPass(org, 1);
    await expectSignedWith(await deliver(org), [secret, org.secret]);
    await letHoursPass(org, 10);
    await expectSignedWith(await deliver(org), [secret], [org.secret]);
  });

  test("without an overlap ends the older secret when the new one becomes active, and not before", async () => {
    const { secret } = (await rotate(org, { activate_in_hours: 2, overlap_hours: 0 })).body.data;
    await letHoursPass(org, 1);
    await expectSignedWith(await deliver(org), [org.secret, secret]);
    await letHoursPass(org, 1);
    await expectSignedWith(await deliver(org), [secret], [org.secret]);
  });

  test("counts among the ten that may be live", async () => {
    for (let live = 1; live < 10; live++) await rotate(org);
    const announced = await rotate(org, { activate_in_hours: 1, overlap_hours: 0 });
    expectRefusal(announced, 409, "CONFLICT", /10 signing secrets are live/);
  });

  test("is overtaken by a rotation that is active sooner", async () => {
    const announced = (await rotate(org, { activate_in_hours: 5 })).body.data.secret;
    const { secret } = (await rotate(org, { overlap_hours: 10 })).body.data;
    await expectSignedWith(await deliver(org), [secret, org.secret, announced]);
    await letHoursPass(org, 5);
    await expectSignedWith(await deliver(org), [secret, announced, org.secret]);
  });
});

describe("a deleted secret", () => {
  const end = (of: { key: string }, id: string) => call(of, "DELETE", `/v1/org/signing-secrets/${id}`);

  test("signs no more", async () => {
    const { id, secret } = (await rotate(org)).body.data;
    expect(await end(org, "sec_test")).toMatchObject({
      status: 200,
      body: { data: { id: "sec_test", deleted: true } },
    });
    expect(await secretsOf(org)).toMatchObject([{ id, expires_at: null }]);
    await expectSignedWith(await deliver(org), [secret], [org.secret]);
    expectRefusal(await end(org, "sec_test"), 404, "NOT_FOUND", /no live signing secret "sec_test"/);
  });

  test("is never the newest active one", async () => {
    expectRefusal(await end(org, "sec_test"), 409, "CONFLICT", /newest active/);
    const { id, secret } = (await rotate(org, { activate_in_hours: 1, overlap_hours: 0 })).body.data;
    expectRefusal(await end(org, "sec_test"), 409, "CONFLICT", /newest active/);
    await letHoursPass(org, 1);
    expectRefusal(await end(org, id), 409, "CONFLICT", /newest active/);
    await expectSignedWith(await deliver(org), [secret], [org.secret]);
  });

  test("that was only announced leaves the one before without an end", async () => {
    const { id, secret } = (await rotate(org, { activate_in_hours: 1, overlap_hours: 0 })).body.data;
    expect((await end(org, id)).status).toBe(200);
    expect(await secretsOf(org)).toMatchObject([{ id: "sec_test", expires_at: null }]);
    await letHoursPass(org, 2);
    await expectSignedWith(await deliver(org), [org.secret], [secret]);
  });

  test("between two others leaves no time without an active one", async () => {
    const second = (await rotate(org, { activate_in_hours: 1, overlap_hours: 0 })).body.data;
    const third = (await rotate(org, { activate_in_hours: 5, overlap_hours: 0 })).body.data;
    expect((await end(org, second.id)).status).toBe(200);
    await letHoursPass(org, 4);
    await expectSignedWith(await deliver(org), [org.secret, third.secret], [second.secret]);
    await letHoursPass(org, 1);
    await expectSignedWith(await deliver(org), [third.secret], [org.secret]);
  });

  test("is one of the key's own org, and the key has the scope configure", async () => {
    const other = await makeOrg();
    const { id } = (await rotate(other, { activate_in_hours: 1 })).body.data;
    expectRefusal(await end(org, id), 404, "NOT_FOUND", /no live signing secret/);
    const reader = { key: await makeKey(other.user_id, { scopes: ["read", "send", "report"] }) };
    expectRefusal(await end(reader, id), 403, "FORBIDDEN", /configure/);
    expect(await secretsOf(other)).toHaveLength(2);
  });
});
