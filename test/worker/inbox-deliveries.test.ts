/** Deliveries to inboxes: which signatures they find valid, and that a deployment's guard lets its own inboxes be called. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import worker from "../../src/index.ts";
import { envWithLosingQueues, handleBatch, request } from "../support/handlers.ts";
import { makeInbox, requestsOf, send, signedHeaders } from "../support/inboxes.ts";
import { expectRefusal, logOf, makeOrg, type Org, rotate } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

describe("a signature", () => {
  test("is valid, invalid or absent, by each of the org's live secrets and no other org's", async () => {
    const newer = (await rotate(org)).body.data.secret;
    const { id, url } = await makeInbox(org);
    const body = new TextEncoder().encode('{"call_id":"☎"}');
    const other = await makeOrg();
    for (const secret of [org.secret, newer, other.secret])
      await send(url, { body, headers: await signedHeaders(body, secret) });
    await send(url, { body: body.slice(1), headers: await signedHeaders(body, newer) });
    await send(url, { body });
    const { data } = await requestsOf(org, id);
    expect(data.map(({ signature }: { signature: string }) => signature).reverse()).toEqual([
      ...["valid", "valid", "invalid"],
      ...["invalid", "absent"],
    ]);
  });

  test("counts over the whole body, up to the longest that is ever sent", async () => {
    const { id, url } = await makeInbox(org);
    const longest = new Uint8Array(1_048_576).fill(97);
    await send(url, { body: longest, headers: await signedHeaders(longest, org.secret) });
    const longer = new Uint8Array(1_048_577).fill(97);
    await send(url, { body: longer, headers: await signedHeaders(longer, org.secret) });
    const { data } = await requestsOf(org, id);
    expect(data[1]).toMatchObject({ signature: "valid", truncated: true });
    expect(data[1].body).toHaveLength(262_144);
    expect(data[0]).toMatchObject({ signature: "invalid", truncated: true });
  });
});

describe("a deployment's own inbox", () => {
  const rules = { ALLOW_PRIVATE_TARGETS: "false", PUBLIC_URL: "https://hooks.postcall.example" };
  const deployed: Env = { ...env, ...rules };
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const received = ({ headers = {}, body = null }: RequestInit = {}) => ({ method: "POST", headers, body });

  /** The public internet as far as our own address goes. */
  function ownAddress() {
    const inner = globalThis.fetch;
    vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.origin === deployed.PUBLIC_URL)
        return worker.fetch(new Request(url.href, received(init)), deployed, createExecutionContext());
      if (url.hostname !== "cloudflare-dns.com") return inner(input, init);
      const [name, type] = [url.searchParams.get("name"), url.searchParams.get("type")];
      const Answer = type === "A" ? [{ name, type: 1, TTL: 60, data: "8.8.8.8" }] : undefined;
      return Response.json({ Status: 0, Question: [{ name, type }], ...(Answer && { Answer }) });
    });
  }

  test("gets what is sent to it, signed, while the rest of our own host gets nothing", async () => {
    ownAddress();
    const { id, url } = (await request(deployed, org, { method: "POST", path: "/v1/inboxes" })).body.data;
    const report = (webhook: string) => {
      const body = { payload: { call_id: "call-own" }, webhook };
      return request(deployed, org, { method: "POST", path: "/v1/postcall/calls", body });
    };
    expectRefusal(await report(`${deployed.PUBLIC_URL}/v1/inboxes/${id}`), 422, "BLOCKED_URL");
    expectRefusal(await report(`${url}/../../v1/inboxes`), 422, "BLOCKED_URL");
    const { env: lossy, deliveries } = envWithLosingQueues(rules);
    const body = { payload: { call_id: "call-own" }, webhook: url };
    const answer = await request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
    expect(answer.status).toBe(202);
    const [message] = deliveries;
    expect(await handleBatch(lossy, [message?.body])).toEqual(["ack"]);
    expect(await logOf(org, "call-own")).toMatchObject({
      status: "delivered",
      metadata: [{ response_code: 200, error: null }],
    });
    expect((await requestsOf(org, id)).data).toMatchObject([
      { method: "POST", body: '{"call_id":"call-own"}', signature: "valid", query: "" },
    ]);
  });
});
