/** An org's settings: answered as they were set, stored, and unchanged by a refusal. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { request } from "../support/handlers.ts";
import { call, expectRefusal, makeKey, makeOrg, type Org } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const PATH = "/v1/org";
const get = (of: Pick<Org, "key">) => call(of, "GET", PATH);
const patch = (of: Pick<Org, "key">, body: unknown) => call(of, "PATCH", PATH, { body });

/** What the operator sets and what is counted: a patch changes neither. */
const GIVEN = {
  limits: { reports_per_minute: null, stored_gb: 5 },
  usage: { stored_bytes: 0, counted_at: null },
};

const untouched = ({ user_id }: Org) => ({
  ...GIVEN,
  user_id,
  name: "Test",
  default_webhook: null,
  webhook_events: [],
  delay_for_citations: false,
  citations_timeout_seconds: 120,
  ops_webhook: null,
  retention_days: 30,
  erase_payload_when_delivered: false,
});

const CHANGED = {
  name: "Zoë's calls",
  default_webhook: "http://127.0.0.1:9000/hook?a=1",
  webhook_events: ["call", "citations"],
  delay_for_citations: true,
  citations_timeout_seconds: 3_600,
  ops_webhook: "http://127.0.0.1:9001/",
  retention_days: 7,
  erase_payload_when_delivered: true,
};

describe("an org", () => {
  test("has every setting from the start", async () => {
    const answer = await get(org);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ data: untouched(org), errors: null });
  });

  test("answers a patch with all of it as it then is, and keeps it", async () => {
    const answer = await patch(org, CHANGED);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ data: { user_id: org.user_id, ...GIVEN, ...CHANGED }, errors: null });
    expect((await get(org)).body).toEqual(answer.body);
  });

  test.each(Object.entries(CHANGED))("changes %s alone where nothing else is named", async (name, value) => {
    const other = await makeOrg();
    const answer = await patch(org, { [name]: value });
    expect(answer.body.data).toEqual({ ...untouched(org), [name]: value });
    expect((await get(other)).body.data).toEqual(untouched(other));
  });

  test("loses a webhook that is set to null, its events to an empty list, and a flag to false", async () => {
    await patch(org, CHANGED);
    const emptied = {
      default_webhook: null,
      ops_webhook: null,
      webhook_events: [],
      delay_for_citations: false,
    };
    const answer = await patch(org, emptied);
    expect(answer.body.data).toEqual({ user_id: org.user_id, ...GIVEN, ...CHANGED, ...emptied });
    expect((await get(org)).body.data).toEqual(answer.body.data);
  });

  test("is answered unchanged to an empty patch", async () => {
    await patch(org, CHANGED);
    expect((await patch(org, {})).body.data).toEqual({ user_id: org.user_id, ...GIVEN, ...CHANGED });
  });

  test("keeps what two patches at once set", async () => {
    await Promise.all([patch(org, { name: "A" }), patch(org, { citations_timeout_seconds: 7 })]);
    expect((await get(org)).body.data).toEqual({
      ...untouched(org),
      name: "A",
      citations_timeout_seconds: 7,
    });
  });
});

describe("a patch is refused and changes nothing", () => {
  test.each([
    ["an unknown member", { citation_timeout: 1 }, /not known: "citation_timeout"/],
    ["user_id", { user_id: "org_other" }, /not known: "user_id"/],
    ["an empty name", { name: "" }, /name must be a text of 1 to 200 characters, and is ""/],
    ["a blank name", { name: " " }, /name must be a text .* is " "/],
    ["a name of 201 characters", { name: "n".repeat(201) }, /name must be a text of 1 to 200/],
    ["a name that is null", { name: null }, /name must be a text .* is null/],
    [
      "a webhook that is no string",
      { default_webhook: 7 },
      /default_webhook must be a URL or null, and is 7/,
    ],
    ["a webhook that is no URL", { default_webhook: "crm" }, /default_webhook must be a URL, and is "crm"/],
    ["an ops webhook that is no URL", { ops_webhook: "" }, /ops_webhook must be a URL, and is ""/],
    [
      "an unknown event",
      { webhook_events: ["call", "calls"] },
      /webhook_events\[1\] must be one of .*, and is "calls"/,
    ],
    [
      "an event twice",
      { webhook_events: ["call", "call"] },
      /webhook_events\[1\] must not repeat an event, and is "call"/,
    ],
    ["events that are no list", { webhook_events: "call" }, /webhook_events must be an array .* is "call"/],
    [
      "a flag that is none",
      { delay_for_citations: 1 },
      /delay_for_citations must be true or false, and is 1/,
    ],
    ["a timeout of 0", { citations_timeout_seconds: 0 }, /whole number of seconds from 1 to 3600, and is 0/],
    ["a timeout of 3601", { citations_timeout_seconds: 3_601 }, /from 1 to 3600, and is 3601/],
    ["a timeout of 1.5", { citations_timeout_seconds: 1.5 }, /citations_timeout_seconds .* is 1.5/],
    ["a timeout in quotes", { citations_timeout_seconds: "120" }, /citations_timeout_seconds .* is "120"/],
  ])("for %s", async (_what, body, message) => {
    expectRefusal(await patch(org, { name: "New", ...body }), 400, "invalid_parameter", message);
    expect((await get(org)).body.data).toEqual(untouched(org));
  });

  test.each(["default_webhook", "ops_webhook"])("for a URL that may not be called, in %s", async (field) => {
    const deployed = { ...env, ALLOW_PRIVATE_TARGETS: "false" };
    const body = { name: "New", [field]: "https://10.0.0.1/" };
    const answer = await request(deployed, org, { method: "PATCH", path: PATH, body });
    expectRefusal(answer, 422, "BLOCKED_URL", new RegExp(`^${field} "https://10.0.0.1/" may not be called`));
    expect((await get(org)).body.data).toEqual(untouched(org));
  });

  test("for a key without the scope configure, which read alone may GET", async () => {
    const reader = { key: await makeKey(org.user_id, { scopes: ["read"] }) };
    const configurer = { key: await makeKey(org.user_id, { scopes: ["configure"] }) };
    expectRefusal(await patch(reader, { name: "New" }), 403, "FORBIDDEN", /configure/);
    expectRefusal(await get(configurer), 403, "FORBIDDEN", /read/);
    expect((await get(reader)).body.data).toEqual(untouched(org));
  });

  test("for another method, which is answered with those there are", async () => {
    const answer = await call(org, "DELETE", PATH);
    expectRefusal(answer, 405, "METHOD_NOT_ALLOWED");
    expect(answer.headers.get("allow")).toBe("GET, HEAD, PATCH");
  });
});
