/** Responses that an inbox may not be configured with, and what their refusal says. Data only. */

export const REFUSED_RESPONSES: [respond: object, message: RegExp][] = [
  [{ status: 199 }, /^respond\.status must be a whole number from 200 to 599, and is 199\.$/],
  [{ status: 600 }, /respond\.status .* is 600/],
  [{ status: "200" }, /respond\.status .* is "200"/],
  [{ delay_ms: 30_001 }, /respond\.delay_ms must be .* 0 to 30000, and is 30001/],
  [{ body: "x".repeat(65_537) }, /respond\.body must be a text of at most 65536 characters/],
  [{ body: {} }, /respond\.body .* is \{\}/],
  [{ headers: { "Set-Cookie": "a=b" } }, /respond\.headers\.Set-Cookie may not be set: .*, and is "a=b"/],
  [
    { headers: { "content-security-policy": "" } },
    /respond\.headers\.content-security-policy may not be set/,
  ],
  [{ headers: { "access-control-allow-origin": "*" } }, /access-control-allow-origin may not be set/],
  [{ headers: { "content-length": "1" } }, /content-length may not be set/],
  [{ headers: { Location: "https://crm.example/" } }, /Location may not be set/],
  [{ headers: { "content-disposition": "attachment" } }, /content-disposition may not be set/],
  [{ headers: { "X-Accel-Redirect": "/etc/passwd" } }, /X-Accel-Redirect may not be set/],
  [{ headers: { "content-type": "multipart/x-mixed-replace; boundary=a" } }, /several parts/],
  [{ headers: { "x-a": "b\r\nset-cookie: a=b" } }, /respond\.headers\.x-a must be printable ASCII/],
  [{ headers: { "x-a": 1 } }, /respond\.headers\.x-a must be a text, and is 1/],
  [{ headers: [] }, /respond\.headers must be an object/],
  [{ headers: { "x-a": "b".repeat(8_192) } }, /respond\.headers must be an object of at most/],
  [{ colour: "red" }, /respond has members that are not known: "colour"/],
];
