/** What one org may have of numbers, acts a day and idempotency keys, so that no org fills a database that others share. */
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { call, expectRefusal, makeOrg, type Org, receiver, reportCall } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

/** Runs an INSERT whose SELECT reads ten thousand rows `n(i)`. */
const fill = (insert: string) =>
  env.DB.prepare(
    `${insert.replace("SELECT", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT")} FROM n`,
  )
    .bind(org.user_id, Date.now())
    .run();

test("an org with 10,000 numbers sets no further one, and changes those that it has; another org's are taken", async () => {
  await fill("INSERT INTO numbers (user_id, phone_number, webhook) SELECT ?1, '+1415555' || (i + 10000), ?2");
  const set = (number: string, as = org) =>
    call(as, "POST", `/v1/inbound/${number}`, { body: { webhook: null } });
  expectRefusal(await set("+14155550100"), 409, "CONFLICT", /^10000 numbers are set/);
  expect((await set("+141555510001")).status).toBe(400); // no number, whatever is set
  await env.DB.prepare(
    "UPDATE numbers SET phone_number = '+14155550101' WHERE user_id = ? AND phone_number = '+141555510001'",
  )
    .bind(org.user_id)
    .run();
  expect((await set("+14155550101")).body.data.webhook).toBeNull();
  await call(org, "DELETE", "/v1/inbound/+14155550101");
  expect((await set("+14155550100")).status).toBe(200);
  expect((await set("+14155550100", await makeOrg())).status).toBe(200);
});

test("an org that changed its settings 10,000 times in a day changes no more, and reads on; the next day it may again", async () => {
  await fill(
    "INSERT INTO audit (user_id, at, id, key_id, action, request_id) SELECT ?1, ?2 - i, 'a' || i, 'key', 'PATCH /v1/org', 'r'",
  );
  const patch = () => call(org, "PATCH", "/v1/org", { body: { name: "again" } });
  const refused = await patch();
  expectRefusal(refused, 429, "QUOTA_EXCEEDED", /changed its settings 10000 times/);
  expect(refused.headers.get("retry-after")).toBe("3600");
  expect((await call(org, "GET", "/v1/org")).body.data.name).toBe("Test");
  const url = "https://crm.example/hook";
  expect((await call(org, "POST", "/v1/endpoints/pause", { body: { url } })).status).toBe(200);
  const { call_id } = await reportCall(org);
  expect((await call(org, "DELETE", `/v1/postcall/calls/${call_id}`)).status).toBe(200);
  await env.DB.prepare("UPDATE audit SET at = at - 86400000 WHERE user_id = ?").bind(org.user_id).run();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 }); // an isolate remembers it for a minute
  expect((await patch()).status).toBe(200);
  vi.useRealTimers();
});

test("an org with 10,000 idempotency keys in a day sends on without one", async () => {
  const crm = await receiver(200);
  await fill(
    "INSERT INTO idempotency_keys (user_id, route, key, nonce, body_digest, created_at) SELECT ?1, '/', 'k' || i, 'n', '', ?2",
  );
  const send = (headers: Record<string, string>) =>
    call(org, "POST", "/v1/postcall/webhooks/test", { body: { url: crm.url }, headers });
  expectRefusal(
    await send({ "idempotency-key": "new" }),
    429,
    "QUOTA_EXCEEDED",
    /Without one the request is taken/,
  );
  expect(await crm.received()).toEqual([]);
  expect((await send({})).status).toBe(200);
  expect(await crm.received()).toHaveLength(1);
});
