import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../src/console/answers.ts";
import { changeOf, draftOf, settingsWords } from "../../src/console/endpoints/draft.ts";
import { endpointStateOf, inOrder, isFound, listSentence } from "../../src/console/endpoints/list.ts";
import { endpointSentence } from "../../src/console/endpoints/state.ts";
import { hintOf } from "../../src/console/failure-hints.ts";
import { textOf } from "../../src/console/log-state.ts";

const NOTHING: Endpoint["settings"] = {
  ...{ description: null, rate_per_second: null, timeout_seconds: null },
  ...{ retry_schedule: null, signature_header: null, headers: null },
};

const endpoint = (changed: Partial<Endpoint> = {}): Endpoint => ({
  ...{ url: "https://crm.example/hook", state: "active", reason: null, waiting: 0, waiting_exact: true },
  ...{ consecutive_failures: 0, failing_since: null, last_error: null, last_success_at: null },
  ...{ last_failure_at: null, disabled_at: null, next_probe_at: null, settings: NOTHING },
  ...changed,
});

describe("the form of an endpoint's settings", () => {
  const before = draftOf(
    endpoint({
      settings: {
        ...{ description: "The CRM", rate_per_second: 5, timeout_seconds: 20, retry_schedule: ["5s", "5m"] },
        ...{ signature_header: "x-crm-signature", headers: { authorization: "•••mnop", "x-team": "•••" } },
      },
    }),
  );
  const [authorization, team] = before.headers;
  if (authorization === undefined || team === undefined) throw new Error("The draft has no headers.");

  it("sends nothing where nothing was changed", () => {
    expect(changeOf(before, before)).toEqual({});
    const again = { ...before, description: " The CRM ", headers: [authorization, { ...team }] };
    expect(changeOf(again, before)).toEqual({});
  });

  it("sends the changed members alone, and null for an emptied one", () => {
    const draft = { ...before, description: "", rate_per_second: "0.5", retry_schedule: "30s,  2h ," };
    expect(changeOf(draft, before)).toEqual({
      ...{ description: null, rate_per_second: 0.5, retry_schedule: ["30s", "2h"] },
    });
  });

  it("tells no retry from the deployment's retries", () => {
    expect(changeOf({ ...before, retry_schedule: "None" }, before)).toEqual({ retry_schedule: [] });
    expect(changeOf({ ...before, retry_schedule: "" }, before)).toEqual({ retry_schedule: null });
    expect(draftOf(endpoint({ settings: { ...NOTHING, retry_schedule: [] } })).retry_schedule).toBe("none");
  });

  it("leaves it to the server to refuse what is no number", () => {
    expect(changeOf({ ...before, timeout_seconds: "soon" }, before)).toEqual({ timeout_seconds: "soon" });
  });

  it("keeps a masked header unless it is retyped, and never sends the mask", () => {
    const headers = [{ ...authorization, value: "Bearer new" }, team];
    expect(changeOf({ ...before, headers }, before)).toEqual({ headers: { authorization: "Bearer new" } });
  });

  it("removes a header whose row is gone, and adds one", () => {
    const added = { key: 7, name: " X-New ", shown: null, value: "1" };
    expect(changeOf({ ...before, headers: [team, added] }, before)).toEqual({
      headers: { authorization: null, "x-new": "1" },
    });
  });

  it("sets a header anew that was removed and typed again", () => {
    const again = { key: 7, name: "Authorization", shown: null, value: "Bearer new" };
    expect(changeOf({ ...before, headers: [team, again] }, before)).toEqual({
      headers: { authorization: "Bearer new" },
    });
  });

  it("ignores a row in which nothing was typed, and sends one that is half filled to be refused", () => {
    const empty = { key: 7, name: "", shown: null, value: "" };
    expect(changeOf({ ...before, headers: [...before.headers, empty] }, before)).toEqual({});
    expect(changeOf({ ...before, headers: [...before.headers, { ...empty, name: "x-a" }] }, before)).toEqual({
      headers: { "x-a": "" },
    });
  });
});

it("sums up what an endpoint has for itself", () => {
  expect(settingsWords(NOTHING)).toEqual([]);
  const headers = { a: "•••", b: "•••", c: "•••" };
  expect(
    settingsWords({ ...NOTHING, rate_per_second: 5, timeout_seconds: 20, retry_schedule: [], headers }),
  ).toEqual(["5 a second", "timeout 20 s", "no retry", "3 headers"]);
});

describe("the list of endpoints", () => {
  const all = [
    endpoint({ url: "https://a.example/" }),
    endpoint({ url: "https://b.example/", failing_since: "2026-11-26T15:00:00.000Z" }),
    endpoint({ url: "https://c.example/", state: "paused", waiting: 2 }),
    endpoint({ url: "https://d.example/", state: "degraded", waiting: 35 }),
    endpoint({ url: "https://e.example/", state: "disabled" }),
  ];

  it("begins with those that need somebody", () => {
    expect(inOrder(all).map(({ url }) => new URL(url).host[0])).toEqual(["d", "e", "c", "b", "a"]);
  });

  it("is summed up in a sentence", () => {
    expect(textOf(listSentence(all, false))).toBe(
      "5 endpoints: one is failing, one is disabled, one is paused, one has failed attempts. 37 calls wait.",
    );
    expect(textOf(listSentence(all.slice(0, 2), true))).toBe(
      "The first 2 endpoints: one has failed attempts.",
    );
    expect(textOf(listSentence(all.slice(0, 1), false))).toBe("1 endpoint: it is active.");
  });

  it("finds by URL and by description", () => {
    const crm = endpoint({ settings: { ...NOTHING, description: "The CRM of Sales" } });
    expect(isFound(crm, "crm.EXAMPLE/h")).toBe(true);
    expect(isFound(crm, "sales hook")).toBe(true);
    expect(isFound(crm, "billing")).toBe(false);
  });

  it("shows all where the address names no state", () => {
    expect([endpointStateOf(null), endpointStateOf("down"), endpointStateOf("paused")]).toEqual([
      null,
      null,
      "paused",
    ]);
  });
});

describe("an endpoint's health in a sentence", () => {
  const NOW = Date.parse("2026-11-26T15:12:00Z");
  const failing_since = "2026-11-26T15:00:00.000Z";
  const said = (changed: Partial<Endpoint>) => textOf(endpointSentence(endpoint(changed), NOW));

  it("says since when and why it fails, what waits, and when it is probed", () => {
    const next_probe_at = "2026-11-26T15:12:40.000Z";
    expect(
      said({ state: "degraded", failing_since, last_error: "timeout", waiting: 37, next_probe_at }),
    ).toBe("failing for 12 min (no answer in time), 37 calls wait, next probe in 40 s");
  });

  it("says of one that fails and for which no call waits that the next call is its probe", () => {
    const next_probe_at = "2026-11-26T15:11:00.000Z";
    expect(said({ state: "degraded", failing_since, last_error: "connect", next_probe_at })).toBe(
      "failing for 12 min (no connection), the next call is its probe",
    );
  });

  it("says of an active one how many failures there were in a row, unless none counts", () => {
    const failed = { failing_since, last_error: "http_status" as const };
    expect(said({ ...failed, consecutive_failures: 3 })).toBe(
      "its attempts have failed for 12 min (error answers), 3 in a row",
    );
    expect(said(failed)).toBe("its attempts have failed for 12 min (error answers)");
  });
});

it("has a hint for what an outcome may mean, and none for what it does not know", () => {
  expect(hintOf("307")).toBe("it redirects, and redirects are not followed");
  expect(hintOf("502")).toBe("an error of its own");
  expect(hintOf("503")).toBe("overloaded, or away for a while");
  expect(hintOf("418")).toBeNull();
});
