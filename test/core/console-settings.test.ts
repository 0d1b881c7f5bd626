/** The org's settings as a form: only what differs is sent, in the form that the server takes. */
import { describe, expect, test } from "vitest";
import type { Org } from "../../src/console/answers.ts";
import { changesOf, draftOf, EVENTS, withEvent } from "../../src/console/settings/form.ts";
import { orgSchema } from "../../src/http/schemas.ts";

const ORG: Org = {
  user_id: "org_0_x",
  name: "Acme",
  default_webhook: "https://crm.example/hook",
  webhook_events: ["citations"],
  delay_for_citations: false,
  citations_timeout_seconds: 120,
  ops_webhook: null,
  retention_days: 30,
  erase_payload_when_delivered: false,
  limits: { reports_per_minute: null, stored_gb: 5 },
  usage: { stored_bytes: 0, counted_at: null },
};

const changes = (edited: object) => changesOf(ORG, { ...draftOf(ORG), ...edited });

test("nothing edited is nothing sent", () => {
  expect(changes({})).toEqual({});
});

test("only what differs is sent", () => {
  expect(changes({ name: "Acme Voice", retention_days: "30" })).toEqual({ name: "Acme Voice" });
  expect(changes({ webhook_events: [], delay_for_citations: true })).toEqual({
    ...{ webhook_events: [], delay_for_citations: true },
  });
});

test("an empty URL is none, and spaces around one are dropped", () => {
  expect(changes({ default_webhook: "  ", ops_webhook: " https://ops.example/ " })).toEqual({
    ...{ default_webhook: null, ops_webhook: "https://ops.example/" },
  });
});

test("numbers are numbers, an empty one is null, and others go as they are", () => {
  expect(changes({ citations_timeout_seconds: "60", retention_days: "" })).toEqual({
    ...{ citations_timeout_seconds: 60, retention_days: null },
  });
  expect(changes({ retention_days: "ten" })).toEqual({ retention_days: "ten" });
});

test("the server takes what is sent", () => {
  const sent = changes({ default_webhook: "", citations_timeout_seconds: "60", retention_days: "" });
  expect(orgSchema.safeParse(sent).success).toBe(true);
});

describe("events", () => {
  test("are those that the server knows", () => {
    expect(orgSchema.safeParse({ webhook_events: EVENTS }).success).toBe(true);
    const refused = orgSchema.safeParse({ webhook_events: ["x"] }).error?.issues[0]?.message ?? "";
    const known = refused.replace("must be one of ", "").split(", ");
    expect([...EVENTS].sort()).toEqual(known.sort());
  });

  test("are added once and taken away, in a fixed order", () => {
    expect(withEvent(["tool"], "citations", true)).toEqual(["citations", "tool"]);
    expect(withEvent(["citations", "tool"], "citations", true)).toEqual(["citations", "tool"]);
    expect(withEvent(["citations", "tool"], "citations", false)).toEqual(["tool"]);
  });
});
