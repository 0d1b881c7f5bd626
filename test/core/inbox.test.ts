/** Which headers an inbox's response may be configured with, and which paths are inboxes. */
import { describe, expect, test } from "vitest";
import { inboxUrl, isInboxPath, ruleAgainstHeader } from "../../src/core/inbox.ts";

const ID = "0123456789abcdef".repeat(4);

describe("a configured header", () => {
  test.each([
    ...["content-type", "Retry-After", "cache-control", "etag", "server", "vary", "link"],
    ...["x-request-id", "x-anything", "webhook-id"],
  ])("%s may be configured", (name) => {
    expect(ruleAgainstHeader(name, "text/html; charset=utf-8")).toBeNull();
  });

  test.each([
    ...["set-cookie", "Set-Cookie", "SET-COOKIE2", "set-login", "clear-site-data", "idp-signin-status"],
    ...["content-security-policy", "Content-Security-Policy-Report-Only", "x-content-security-policy"],
    ...["strict-transport-security", "x-frame-options", "X-Content-Type-Options", "x-xss-protection"],
    ...["permissions-policy", "referrer-policy", "document-isolation-policy", "integrity-policy"],
    ...["cross-origin-opener-policy", "access-control-allow-origin", "service-worker-allowed"],
    ...["www-authenticate", "alt-svc", "nel", "report-to", "refresh", "origin-trial", "use-as-dictionary"],
    ...["attribution-reporting-register-source", "secure-session-registration", "supports-loading-mode"],
    ...["content-length", "content-encoding", "transfer-encoding", "connection", "date", "cf-ray"],
    ...["proxy-authenticate", "upgrade", "__proto__", "location", "Content-Disposition", "x-sendfile"],
    ...["X-Accel-Redirect", "x-accel-buffering", "x-sendfile-type"],
  ])("%s may not: browsers or proxies act on it, or the connection sets it", (name) => {
    expect(ruleAgainstHeader(name, "x")).toContain("may not be set");
  });

  test.each(["", " ", "a b", "a:b", "ä", "a\r\nb", "a\u0000"])("%j is no name", (name) => {
    expect(ruleAgainstHeader(name, "x")).toBe("is no name of a header");
  });

  test.each(["a\r\nset-cookie: a=b", "\u0000", "\u007f", "é", "☎"])("can't have the value %j", (value) => {
    expect(ruleAgainstHeader("x-a", value)).toBe("must be printable ASCII");
  });
});

test.each([
  ...["text/javascript", "Text/JavaScript; charset=utf-8", "application/x-javascript", "text/jscript"],
  ...["application/ecmascript", "text/livescript1.0", "text/css", "application/wasm"],
  ...["multipart/x-mixed-replace", "Multipart/mixed"],
])("the type %s may not be configured: a page of our own origin could load it", (type) => {
  expect(ruleAgainstHeader("Content-Type", type)).toContain("must not be the type of a script");
  expect(ruleAgainstHeader("x-type", type)).toBeNull();
});

test("an inbox's address is under our own, and its path is one", () => {
  const url = inboxUrl(new URL("https://hooks.postcall.example:8443/"), ID);
  expect(url).toBe(`https://hooks.postcall.example:8443/inbox/${ID}`);
  expect(isInboxPath(new URL(url).pathname)).toBe(true);
});
