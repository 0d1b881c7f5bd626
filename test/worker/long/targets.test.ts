/**
 * The URL guard at the Worker's boundary: which URLs a request may save, and which an attempt may call once names are
 * resolved.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard, request } from "../../support/handlers.ts";
import {
  call,
  create,
  detailsOf,
  expectRefusal,
  logOf,
  makeOrg,
  type Org,
  receiver,
  reportCall,
  rowsOf,
} from "../../support/words.ts";

const DEPLOYED = { ALLOW_PRIVATE_TARGETS: "false", PUBLIC_URL: "https://hooks.postcall.example" };

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** The public internet, which no test reaches: a resolver with these records, and one receiver behind every name. */
function publicInternet(records: Record<string, string[] | "away" | "silent" | "servfail">) {
  const questions: string[] = [];
  const called: string[] = [];
  const inner = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.hostname === "127.0.0.1") return inner(input, init);
    if (url.hostname !== "cloudflare-dns.com") {
      called.push(url.href);
      return new Response("ok");
    }
    const [name, type] = [url.searchParams.get("name") ?? "", url.searchParams.get("type")];
    questions.push(`${name} ${type}`);
    const found = records[`${name} ${type}`] ?? [];
    if (found === "silent") return new Promise<Response>(() => {});
    if (found === "away") return new Response("", { status: 503 });
    if (found === "servfail") return Response.json({ Status: 2, Question: [{ name, type }] });
    const Answer = found.map((data) => ({ name, type: 1, TTL: 60, data }));
    return Response.json({ Status: 0, Question: [{ name, type }], ...(found.length > 0 && { Answer }) });
  });
  return { questions, called };
}

/** One attempt as a deployment makes it, to a URL that was saved under other rules. */
async function attemptDeployed(url: string, change: Partial<Env> = {}) {
  const key = await reportUnheard(org, url);
  const { env: deployed, retries } = envWithLosingQueues({ ...DEPLOYED, ...change });
  const outcomes = await handleAttempts(deployed, [key]);
  return { outcomes, retries: retriesOf(key, retries), log: await logOf(org, key.call_id) };
}

const retriesOf = (key: AttemptKey, retries: ReturnType<typeof envWithLosingQueues>["retries"]) =>
  retries.filter(({ body }) => body.call_id === key.call_id).map(({ body }) => body.attempt);

const blocked = {
  status: "retrying",
  metadata: [{ response_code: null, error: "blocked_url", response_time: expect.stringMatching(/^\d+ms$/) }],
};

describe("an attempt on a deployment", () => {
  test("whose URL the rules refuse is recorded as blocked, retried on the schedule, and asks no resolver", async () => {
    const internet = publicInternet({});
    const crm = await receiver(200);
    const { outcomes, retries, log } = await attemptDeployed(crm.url);
    expect(outcomes).toEqual(["ack"]);
    expect(log).toMatchObject(blocked);
    expect(retries).toEqual([2]);
    expect(internet).toEqual({ questions: [], called: [] });
    expect(await crm.received()).toEqual([]);
  });

  test("to our own host is blocked", async () => {
    const internet = publicInternet({});
    const { log } = await attemptDeployed("https://hooks.postcall.example:8443/v1/postcall/calls");
    expect(log).toMatchObject(blocked);
    expect(internet.called).toEqual([]);
  });

  test("to a name with a private address among public ones is blocked, and keeps no request", async () => {
    const internet = publicInternet({
      "private.example A": ["8.8.8.8"],
      "private.example AAAA": ["2606:4700::1", "fd00:ec2::254"],
    });
    const { outcomes, log } = await attemptDeployed("https://private.example/hook");
    expect(outcomes).toEqual(["ack"]);
    expect(log).toMatchObject(blocked);
    expect(internet.questions.sort()).toEqual(["private.example A", "private.example AAAA"]);
    expect(internet.called).toEqual([]);
    expect(await detailsOf(log.call_id)).toMatchObject([{ request: { headers: {} } }]);
  });

  test("to a name without any address failed at dns", async () => {
    const internet = publicInternet({});
    const { log } = await attemptDeployed("https://nowhere.example/hook");
    expect(log).toMatchObject({ status: "retrying", metadata: [{ response_code: null, error: "dns" }] });
    expect(internet.called).toEqual([]);
  });

  test.each(["away", "servfail"] as const)(
    "whose resolver is in trouble (%s) for one family asks it three times, goes nowhere, and is not held against the endpoint",
    async (trouble) => {
      const name = `${trouble}.example`;
      const internet = publicInternet({ [`${name} A`]: ["8.8.8.8"], [`${name} AAAA`]: trouble });
      for (let call = 0; call < 5; call++) {
        const { outcomes, log } = await attemptDeployed(`https://${name}/hook`);
        expect(outcomes).toEqual(["ack"]);
        expect(log).toMatchObject({
          status: "retrying",
          metadata: [{ response_code: null, error: "resolver", response_time: "0ms" }],
        });
      }
      expect(internet.called).toEqual([]);
      expect(internet.questions).toHaveLength(5 * 3 * 2);
      expect(await rowsOf("endpoints", org)).toBe(0);
    },
  );

  test("whose resolver is silent takes no longer than its timeout", async () => {
    const internet = publicInternet({ "silent.example A": "silent", "silent.example AAAA": "silent" });
    const { log } = await attemptDeployed("https://silent.example/hook", { DELIVERY_TIMEOUT: "200ms" });
    expect(log).toMatchObject({ status: "retrying", metadata: [{ response_code: null, error: "resolver" }] });
    expect(internet.called).toEqual([]);
  });

  test("to a name with public addresses, behind an alias and of one family alone, is delivered; the name is resolved once", async () => {
    const internet = publicInternet({ "alias.example A": ["alias.cdn.example.", "8.8.8.8"] });
    for (let call = 0; call < 3; call++) {
      const { outcomes, log } = await attemptDeployed("https://alias.example/hook");
      expect(outcomes).toEqual(["ack"]);
      expect(log).toMatchObject({ status: "delivered", metadata: [{ response_code: 200, error: null }] });
    }
    expect(internet.called).toEqual(Array(3).fill("https://alias.example/hook"));
    expect(internet.questions.sort()).toEqual(["alias.example A", "alias.example AAAA"]);
  });

  test("to one name by many calls at once is delivered for each, and the name is resolved once", async () => {
    const internet = publicInternet({ "burst.example A": ["8.8.8.8"] });
    const keys = await Promise.all(
      Array.from({ length: 10 }, () => reportUnheard(org, "https://burst.example/hook")),
    );
    const { env: deployed } = envWithLosingQueues(DEPLOYED);
    expect(await handleAttempts(deployed, keys)).toEqual(Array(10).fill("ack"));
    expect(internet.called).toHaveLength(10);
    expect(internet.questions.sort()).toEqual(["burst.example A", "burst.example AAAA"]);
  });

  test("to a public address is delivered without a resolver", async () => {
    const internet = publicInternet({});
    const { log } = await attemptDeployed("https://8.8.8.8/hook");
    expect(log).toMatchObject({ status: "delivered" });
    expect(internet).toEqual({ questions: [], called: ["https://8.8.8.8/hook"] });
  });
});

describe("a report to a deployment", () => {
  test.each([
    ["https://hooks.postcall.example/inbox", /its host is this service's own/],
    ["https://HOOKS.postcall.example.:8443/", /its host is this service's own/],
    ["https://metadata.google.internal/", /its host name is for local use/],
    ["https://intranet1/", /its host name is a single label/],
    ["https://100.64.0.1/", /its address is not on the public internet/],
  ])("is refused with 422 for %s, and nothing is stored", async (webhook, rule) => {
    const body = { payload: { call_id: "a" }, webhook };
    const answer = await request({ ...env, ...DEPLOYED }, org, {
      method: "POST",
      path: "/v1/postcall/calls",
      body,
    });
    expectRefusal(answer, 422, "BLOCKED_URL", rule);
    expect(answer.body.errors[0].message).toContain(JSON.stringify(webhook));
    expect(await rowsOf("webhook_logs", org)).toBe(0);
  });
});

test("a URL is one endpoint however it is spelled, and kept in one spelling everywhere", async () => {
  const crm = await receiver(503);
  const spellings = [
    ` ${crm.url}`,
    `${crm.url}\t`,
    `${crm.url}#1`,
    `${crm.url}#2`,
    crm.url.replace("http:", "HTTP:"),
  ];
  const keys = await Promise.all(spellings.map((url) => reportUnheard(org, url)));
  const { env: lossy } = envWithLosingQueues();
  for (const key of keys) await handleAttempts(lossy, [key]);
  for (const { call_id } of keys) expect((await logOf(org, call_id)).url).toBe(crm.url);
  const endpoints = await call(org, "GET", "/v1/endpoints");
  expect(endpoints.body.data).toMatchObject([{ url: crm.url, state: "degraded", consecutive_failures: 5 }]);
  expect(await crm.received()).toHaveLength(5);
  const body = { default_webhook: `${crm.url}#1`, ops_webhook: ` ${crm.url}` };
  expect((await call(org, "PATCH", "/v1/org", { body })).body.data).toMatchObject({
    default_webhook: crm.url,
    ops_webhook: crm.url,
  });
  const number = await call(org, "POST", "/v1/inbound/+14155550100", { body: { webhook: `${crm.url}#1` } });
  expect(number.body.data.webhook).toBe(crm.url);
  const { call_id } = await reportCall(org, { webhook: null });
  expect((await create(org, [call_id], `${crm.url}#1`)).body.data[0].url).toBe(crm.url);
  const tested = await call(org, "POST", "/v1/postcall/webhooks/test", { body: { url: `${crm.url}#1` } });
  expect(tested.body.data.url).toBe(crm.url);
  const enabled = await call(org, "POST", "/v1/endpoints/enable", { body: { url: `${crm.url}#1` } });
  expect(enabled.body.data.url).toBe(crm.url);
});
