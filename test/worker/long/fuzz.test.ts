/**
 * Requests made up from the OpenAPI document are all answered as it says, and never by a fault of ours. 2,000 by default,
 * others by FUZZ_REQUESTS and FUZZ_SEED.
 */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, inject, test, vi } from "vitest";
import worker from "../../../src/index.ts";
import { expectDocumented } from "../../support/documented.ts";
import { type FuzzedRequest, requestsOf } from "../../support/fuzz.ts";
import { envWithLosingQueues } from "../../support/handlers.ts";
import { call, makeKey, makeOrg, reportCall } from "../../support/words.ts";

declare module "vitest" {
  interface ProvidedContext {
    fuzz: { requests: number; seed: number | undefined };
  }
}

test("no request is answered by a fault, and every answer is in the document", {
  timeout: 3_600_000,
}, async () => {
  const [org, other] = [await makeOrg(), await makeOrg()];
  const reader = { key: await makeKey(org.user_id, { scopes: ["read"] }) };
  const ids = await Promise.all(
    ["call-1", "call-2", "call-3"].map((call_id) => reportCall(org, { call_id })),
  );
  const inbox = (await call(org, "POST", "/v1/inboxes")).body.data;
  await call(org, "POST", "/v1/inbound/+14155550100", { body: { webhook: null } });
  const known = {
    call_id: ids.map(({ call_id }) => call_id),
    ...{ phone_number: ["+14155550100"], id: [inbox.id, "sec_test"], user_id: [other.user_id] },
  };
  const keys = {
    org: org.key,
    reader: reader.key,
    other: other.key,
    admin: env.ADMIN_KEY,
    nobody: "pc_nobody_has_it",
  };
  const { env: lossy } = envWithLosingQueues();
  const faults = vi.spyOn(console, "error").mockImplementation(() => {});
  const statuses = new Map<string, number>();
  const { requests, seed } = inject("fuzz");

  const ask = async ({ method, path, as, headers, body }: FuzzedRequest) => {
    const init = { method, headers: { authorization: keys[as], ...headers }, body: body ?? null };
    const response = await worker.fetch(
      new Request(`http://postcall.test${path}`, init),
      lossy,
      createExecutionContext(),
    );
    const isStream = response.headers.get("content-type") === "text/event-stream";
    if (isStream) await response.body?.cancel();
    const text = isStream ? "" : await response.text();
    const name = `${method} ${path.split("?")[0]?.split("/").slice(0, 5).join("/")} ${response.status}`;
    statuses.set(name, (statuses.get(name) ?? 0) + 1);
    expect([500, 503], text).not.toContain(response.status);
    if (!isStream)
      expectDocumented({ method, path }, { status: response.status, headers: response.headers, text });
  };

  await fc.assert(fc.asyncProperty(requestsOf(inject("openApiDocument"), known), ask), {
    numRuns: requests,
    ...(seed !== undefined && { seed }),
  });
  expect(faults).not.toHaveBeenCalled();
  faults.mockRestore();
  const byStatus = Map.groupBy(statuses, ([name]) => name.slice(-3));
  const sum = (entries: [string, number][]) => entries.reduce((total, [, count]) => total + count, 0);
  console.log(
    `${requests} requests: ${[...byStatus]
      .sort()
      .map(([status, entries]) => `${sum(entries)} × ${status}`)
      .join(", ")}`,
  );
  expect(sum(byStatus.get("200") ?? [])).toBeGreaterThan(requests / 10);
});
