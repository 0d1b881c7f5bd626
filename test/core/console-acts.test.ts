/** What was done to an org, in words. */
import { expect, test } from "vitest";
import { actorWords, actWords, targetWords } from "../../src/console/settings/act-words.ts";
import { ROUTES } from "../../src/http/routes.ts";

/** The routes whose successes the audit keeps. */
const AUDITED = ROUTES.filter(
  ({ method, access }) =>
    method !== "GET" &&
    (access === "admin" ||
      (typeof access === "object" && (access as readonly string[]).includes("configure"))),
).map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);

test.each(AUDITED)("%s has words", (action) => {
  expect(actWords(action)).not.toBe(action);
});

test("an act that is not known is told by its method and path", () => {
  expect(actWords("POST /v1/new")).toBe("POST /v1/new");
});

test("the operator and the key of whoever looks have names", () => {
  expect(actorWords("admin", "key_0_a")).toBe("the operator");
  expect(actorWords("key_0_a", "key_0_a")).toBe("this key");
  expect(actorWords("key_0_b", "key_0_a")).toBe("key_0_b");
});

test("an inbox's id is told by its beginning, others as they are", () => {
  expect(targetWords("0123456789abcdef".repeat(4))).toBe("01234567…");
  expect(targetWords("https://crm.example/hook")).toBe("https://crm.example/hook");
  expect(targetWords(null)).toBe("");
});
