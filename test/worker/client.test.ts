/** The typed client: `hc` with the API's type makes the same requests that curl would. */
import { exports } from "cloudflare:workers";
import { hc } from "hono/client";
import { expect, expectTypeOf, test } from "vitest";
import type { PostcallApi } from "../../src/http/openapi/client.ts";
import { makeOrg, newCallId, receiver } from "../support/words.ts";

const clientOf = (key: string) =>
  hc<PostcallApi>("http://postcall.test", {
    headers: { authorization: key },
    fetch: (input: RequestInfo | URL, init?: RequestInit) => exports.default.fetch(input, init),
  });

test("the typed client reports a call, reads its log, resends it and lists numbers", async () => {
  const org = await makeOrg();
  const crm = await receiver(200, 200);
  const api = clientOf(org.key);
  const call_id = newCallId();
  const reported = await api.v1.postcall.calls.$post({
    json: { payload: { call_id, status: "completed" }, webhook: crm.url },
  });
  expect(reported.status).toBe(202);
  const { data: log } = await reported.json();
  expectTypeOf(log.status).toEqualTypeOf<
    "no_webhook" | "held" | "pending" | "retrying" | "delivered" | "failed" | "disabled"
  >();
  expect(log).toMatchObject({ call_id, status: "pending", url: crm.url });

  const resent = await api.v1.postcall.webhooks.resend.$post({ json: { call_ids: [call_id] } });
  expect((await resent.json()).data[0]).toMatchObject({ call_id, status: "delivered" });

  const read = await api.v1.postcall.webhooks[":call_id"].$get({
    param: { call_id },
    query: { event: "call" },
  });
  const { data } = await read.json();
  expectTypeOf(data.metadata[0]?.response_code).toEqualTypeOf<number | null | undefined>();
  expect(data.metadata.map(({ response_code }) => response_code)).toContain(200);

  await api.v1.inbound[":phone_number"].$post({
    param: { phone_number: "+14155550100" },
    json: { webhook: crm.url },
  });
  const numbers = await (await api.v1.inbound.$get({ query: { limit: "1" } })).json();
  expectTypeOf(numbers.next_cursor).toEqualTypeOf<string | null>();
  expect(numbers.data).toEqual([{ phone_number: "+14155550100", webhook: crm.url, webhook_events: null }]);
});

test("what the API does not take, the client's types refuse", () => {
  const api = clientOf("pc_none");
  // @ts-expect-error: a resend names calls
  expectTypeOf(api.v1.postcall.webhooks.resend.$post).toBeCallableWith({ json: {} });
  // @ts-expect-error: there is no such path
  expect(api.v1.nothing).toBeDefined();
});
