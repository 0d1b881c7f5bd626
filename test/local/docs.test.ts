/** The guides as `npm start` serves them: the pages, their headers, and what the Worker still answers itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type LocalServer, startLocalServer } from "../../src/local/server.ts";
import { readGuide } from "../support/guides.ts";

const stateDir = mkdtempSync(join(tmpdir(), "postcall-docs-"));
let server: LocalServer;

beforeAll(async () => {
  server = await startLocalServer({ port: await freePort(), stateDir, environment: process.env });
});
afterAll(async () => {
  await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, { redirect: "manual", ...init });

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

test.each(["/docs", "/docs/start", "/docs/api"])(
  "%s is served under the policy, with all it loads",
  async (path) => {
    const response = await ask(path);
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(response.headers.get("content-security-policy")).toBe(POLICY);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    const loaded = [...html.matchAll(/<(?:script|link|img)[^>]*\s(?:src|href)="([^"]*)"/g)];
    expect(loaded.length).toBeGreaterThan(1);
    for (const [, url = ""] of loaded) {
      const asset = await ask(url);
      expect([url, asset.status, asset.headers.get("content-security-policy")]).toEqual([url, 200, POLICY]);
      await asset.arrayBuffer();
    }
  },
);

test("other spellings of a page lead to it", async () => {
  const spellings = ["/docs/", "/docs/index.html", "/docs/start/", "/docs/start.html"];
  const answers = await Promise.all(spellings.map((path) => ask(path)));
  expect(answers.map(({ headers }) => headers.get("location"))).toEqual([
    "/docs",
    "/docs",
    "/docs/start",
    "/docs/start",
  ]);
});

test("what is no asset is the Worker's to answer", async () => {
  for (const path of [
    "/docs/none",
    "/docs/start/none",
    "/docsx",
    "/_headers",
    "/docs/start.md",
    "/console/none",
  ]) {
    const response = await ask(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errors: [{ error: "NOT_FOUND" }] });
  }
  expect((await ask("/v1/org")).status).toBe(401);
  expect((await ask("/healthz")).status).toBe(200);
  const headers = { "content-type": "application/json" };
  for (const init of [{ method: "POST", body: "{}", headers }, { method: "DELETE" }])
    expect((await ask("/console/session", init)).status).toBe(403);
  expect((await ask("/console/links", { method: "POST" })).status).toBe(401);
});

/** Such as `GET /v1/org`, with every parameter of a path as `{}`. */
const requestName = (method: string, path: string) =>
  `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, "{}")}`;

test("the guide's tables have each request of the OpenAPI document, and no other", async () => {
  const response = await ask("/openapi.json");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  const { paths } = (await response.json()) as { paths: Record<string, object> };
  const inDocument = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => requestName(method, path)),
  );
  const rows = readGuide("requests").matchAll(/^\| (`(?:GET|POST|PUT|PATCH|DELETE)\b.*?) \| /gm);
  const inGuide = new Set(
    [...rows].flatMap(([, cell = ""]) => {
      const [path = ""] = /\/[\w/{}.-]+/.exec(cell) ?? [];
      return (cell.match(/\b(GET|POST|PUT|PATCH|DELETE)\b/g) ?? []).map((method) =>
        requestName(method, path),
      );
    }),
  );
  expect(inDocument.filter((name) => !inGuide.has(name))).toEqual([]);
  inGuide.delete("GET /openapi.json"); // an asset, not the Worker's
  expect([...inGuide].filter((name) => !inDocument.includes(name))).toEqual([]);
});
