/** Headers of an endpoint's owner are sent with every attempt, kept encrypted, and never shown again. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { NO_SETTINGS } from "../../src/core/endpoint-settings.ts";
import { attemptWith, set, show, URL_SET } from "../support/endpoint-settings.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../support/handlers.ts";
import { detailsOf, expectRefusal, makeOrg, receiver, rowsOf } from "../support/words.ts";

describe("headers", () => {
  test("are merged by name in any case; a null one goes, and twenty may be set", async () => {
    const org = await makeOrg();
    const many = Object.fromEntries(
      Array.from({ length: 19 }, (_, index) => [`x-${index}`, "a value of some length"]),
    );
    await set(org, URL_SET, { headers: { ...many, "X-Team": "voice" } });
    expectRefusal(
      await set(org, URL_SET, { headers: { "x-more": "1" } }),
      409,
      "CONFLICT",
      /20 headers at most/,
    );
    const merged = await set(org, URL_SET, { headers: { "x-more": "1", "x-TEAM": null } });
    const { headers } = merged.body.data.settings;
    expect(headers).toMatchObject({ "x-0": "•••ngth", "x-more": "•••" });
    expect(Object.keys(headers)).toHaveLength(20);
    expect((await set(org, URL_SET, { headers: null })).body.data.settings).toEqual(NO_SETTINGS);
  });

  test("and the signature's header can't have one name", async () => {
    const org = await makeOrg();
    await set(org, URL_SET, { headers: { "X-Team": "voice" } });
    const rule = /^signature_header "x-team" is one of the endpoint's headers/;
    expectRefusal(await set(org, URL_SET, { signature_header: "x-team" }), 400, "invalid_parameter", rule);
    const both = { signature_header: "x-team", headers: { "x-team": null } };
    expect((await set(org, URL_SET, both)).status).toBe(200);
    expectRefusal(await set(org, URL_SET, { headers: { "x-TEAM": "1" } }), 400, "invalid_parameter", rule);
  });

  test.each([
    [
      "a header of the connection",
      { headers: { Connection: "close" } },
      /headers .*none of them the connection's/,
    ],
    ["the body's type", { headers: { "content-type": "text/plain" } }, /headers .*the body's/],
    ["the name of our signature", { headers: { "X-Webhook-Signature": "abc" } }, /headers .*or ours/],
    ["a value as it is shown", { headers: { "x-team": "•••1234" } }, /headers.x-team .*printable ASCII/],
    ["a line break in a value", { headers: { "x-team": "a\r\nb" } }, /headers.x-team .*printable ASCII/],
    ["an empty value", { headers: { "x-team": "" } }, /headers.x-team .*printable ASCII/],
    [
      "21 headers",
      { headers: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, "1"])) },
      /headers .*at most 20/,
    ],
  ])("are refused for %s", async (_what, settings, message) => {
    const org = await makeOrg();
    expectRefusal(await set(org, URL_SET, settings), 400, "invalid_parameter", message);
    expect(await rowsOf("endpoints", org)).toBe(0);
  });

  test("are refused without repeating a value, which may be a credential", async () => {
    const org = await makeOrg();
    const names = await set(org, URL_SET, { headers: { authorization: "Bearer abcdefgh", host: "x" } });
    expectRefusal(names, 400, "invalid_parameter", /, and has \["authorization","host"\]\.$/);
    const value = await set(org, URL_SET, { headers: { authorization: "Bearer ä" } });
    expectRefusal(
      value,
      400,
      "invalid_parameter",
      /^headers\.authorization .*, and is a text of 8 characters\.$/,
    );
  });
});

describe("an attempt", () => {
  test("has its endpoint's headers; the log and the answers show the end of long values alone", async () => {
    const headers = { Authorization: "Bearer abcdefgh1234", "x-team": "voice" };
    const { org, crm, key } = await attemptWith({ headers }, 200);
    const [request] = await crm.received();
    expect(request?.headers).toMatchObject({ authorization: headers.Authorization, "x-team": "voice" });
    const shown = { authorization: "•••1234", "x-team": "•••" };
    const [details] = await detailsOf(key.call_id);
    expect(details?.request.headers).toMatchObject({
      ...shown,
      "webhook-id": request?.headers["webhook-id"],
    });
    const answer = await show(org, crm.url);
    expect(answer.body.data.settings.headers).toEqual(shown);
    const stored = await env.DB.prepare("SELECT headers FROM endpoints WHERE user_id = ?")
      .bind(org.user_id)
      .first<string>("headers");
    for (const text of [stored ?? "", answer.text]) expect(text).not.toMatch(/abcdefgh|voice/);
  });

  test("waits where a header can't be decrypted, and goes out once it was set anew", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const org = await makeOrg();
    const crm = await receiver(200);
    await set(org, crm.url, { headers: { "x-team": "voice" } });
    await env.DB.prepare("UPDATE endpoints SET headers = replace(headers, '.', '.A') WHERE user_id = ?")
      .bind(org.user_id)
      .run();
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key])).toEqual([60]);
    expect(await crm.received()).toEqual([]);
    expect(error.mock.calls.flat().join()).toContain(org.user_id);
    await set(org, crm.url, { headers: { "x-team": "voice" } });
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await crm.received()).toMatchObject([{ headers: { "x-team": "voice" } }]);
    error.mockRestore();
  });
});
