import { describe, expect, test } from "vitest";
import { SNIPPETS, signedRequestOf } from "../../src/console/call/snippets.ts";

const headers = {
  authorization: "•••9f3a",
  "webhook-id": "msg_2f7c0f0e-5b0e-4a8c-9a71-1c2d3e4f5a6b",
  "webhook-timestamp": "1795537547",
  "webhook-signature": "v1,abc+/= v1,def+/=",
  "x-legacy-signature": "a".repeat(64),
};

describe("the signatures of a request", () => {
  test("are found under the endpoint's own name of the older header", () => {
    expect(signedRequestOf({ headers })?.older).toEqual({
      name: "x-legacy-signature",
      value: "a".repeat(64),
    });
  });

  test("are none if a header is missing, or holds what would end a text in a program", () => {
    const { "webhook-id": _, ...others } = headers;
    expect(signedRequestOf({ headers: others })).toBeNull();
    expect(signedRequestOf({ headers: {} })).toBeNull();
    for (const bad of ['"', "'", "`", "$", "\\", "\n", "#{"])
      expect(signedRequestOf({ headers: { ...headers, "webhook-signature": `v1,${bad}` } })).toBeNull();
  });

  test("are in every program, with no secret", () => {
    const signed = signedRequestOf({ headers });
    for (const { code } of SNIPPETS) {
      const text = signed === null ? "" : code(signed);
      expect(text).toContain(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`);
      expect(text).toContain(headers["webhook-signature"]);
      expect(text).toContain(headers["x-legacy-signature"]);
      expect(text).toContain("POSTCALL_SECRET");
    }
  });
});
