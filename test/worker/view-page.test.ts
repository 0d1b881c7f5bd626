/** An inbox's page as a browser opens it, the way from the front door to the console, and from where there is no page. */
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { makeInbox } from "../support/inboxes.ts";
import { makeOrg } from "../support/words.ts";

const CONFIG = import.meta.glob<string>("../../wrangler.toml", {
  ...{ eager: true, query: "?raw", import: "default" },
});

/** What browsers send when somebody opens an address. */
const NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

let url: string;
beforeAll(async () => {
  url = (await makeInbox(await makeOrg())).view_url;
});

const open = (address: string, accept = NAVIGATION) =>
  exports.default.fetch(address, { headers: { accept }, redirect: "manual" });

describe("a browser that opens an inbox's page", () => {
  test("gets a document that runs our own script only, and is not kept, passed on or found", async () => {
    const response = await open(url);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      ...{ "cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex" },
      ...{ "x-content-type-options": "nosniff", vary: "accept" },
    });
    const html = await response.text();
    expect(html).toContain("<title>Inbox · Postcall</title>");
    expect(html).toContain('<main id="app" class="page-inbox"></main>');
    expect(html).toContain("<noscript>");
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc="\/view\.js)/i);
  });

  test("gets the same document whatever the token, with the status of its requests", async () => {
    const html = await (await open(url)).text();
    for (const token of ["0".repeat(32), "x", "%3Cscript%3E", `${url.split("/").at(-1)}?cursor=x`]) {
      const response = await open(`${env.PUBLIC_URL}/view/${token}`);
      expect(response.status).toBe(token.includes("cursor") ? 400 : 404);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(await response.text()).toBe(html);
    }
  });
});

test.each(["*/*", "application/json", ""])("whoever accepts %j gets JSON", async (accept) => {
  const response = await open(url, accept);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("vary")).toBe("accept");
  expect(await response.json()).toEqual({ data: [], next_cursor: null, errors: null });
});

test("an address may have five pages open that ask every two seconds, and open them anew", () => {
  const [config = ""] = Object.values(CONFIG);
  const [, limit] = /name = "ADDRESSES_LIMIT"[^[]*limit = (\d+), period = 10 /.exec(config) ?? [];
  const pages = 5;
  expect(Number(limit)).toBeGreaterThanOrEqual(pages * (10 / 2) + pages);
});

test("the front door leads to the console", async () => {
  const response = await open(`${env.PUBLIC_URL}/`);
  expect([response.status, response.headers.get("location")]).toEqual([302, "/console"]);
});

describe("an address below /console that is no page", () => {
  const address = `${env.PUBLIC_URL}/console/<b>nothing`;

  test("gives a browser the way to the pages there are, under a strict policy", async () => {
    const response = await open(address);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      404,
      "text/html; charset=utf-8",
    ]);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'self'/);
    expect([response.headers.get("vary"), response.headers.get("cache-control")]).toEqual([
      "accept",
      "no-store",
    ]);
    const html = await response.text();
    expect(html).toContain("There is no such page");
    expect(html).toContain('href="/console/calls"');
    expect(html).not.toContain("nothing");
  });

  test("gives a program the refusal that every other path gives", async () => {
    const response = await open(address, "application/json");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errors: [{ error: "NOT_FOUND" }] });
  });
});
