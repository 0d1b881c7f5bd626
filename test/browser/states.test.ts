/** What goes wrong has a face: a session that ends, a server that is busy, a key that may not, an answer made to harm. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { NewKey, NewOrg, WebhookLog } from "../../src/console/answers.ts";
import { LOCAL_KEY } from "../../src/local/seed.ts";
import { LOCAL_ADMIN_KEY } from "../../src/local/variables.ts";
import { expectNoFaults, openBrowser, scrollsSideways, signIn, type Visitor, visit } from "./browser.ts";
import { openScene, type Scene } from "./scene.ts";

let scene: Scene;
let browser: Browser;
let visitor: Visitor;

const at = (path = "") => `${scene.server.url}/console${path}`;
const admin = <T>(method: string, path: string, json?: unknown) =>
  scene.api<T>(method, `admin/${path}`, json, LOCAL_ADMIN_KEY);
const makeKey = (user_id: string, scopes: string[]) =>
  admin<NewKey>("POST", `orgs/${user_id}/keys`, { name: "for a test", scopes });

beforeAll(async () => {
  scene = await openScene({ RETRY_SCHEDULE: "1h" });
  await scene.report();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await scene?.stop();
});
beforeEach(async () => {
  visitor = await visit(browser);
});
afterEach(async () => {
  expectNoFaults(visitor);
  await visitor.close();
});

describe("signing in", () => {
  test("a wrong key is refused in words, and the right one signs in", async () => {
    const { page } = visitor;
    await page.goto(at());
    await page.getByLabel("API key").fill("pc_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: /key/ }).waitFor();
    await signIn(page, at());
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: "postcall", httpOnly: true, sameSite: "Strict" });
    expect(String(await page.evaluate("document.cookie + JSON.stringify({...localStorage})"))).not.toContain(
      LOCAL_KEY,
    );
  });

  test("a link signs in once, and its token is gone from the address", async () => {
    const { page } = visitor;
    const response = await fetch(`${scene.server.url}/console/links`, {
      method: "POST",
      headers: { authorization: LOCAL_KEY },
    });
    const { data } = (await response.json()) as { data: { url: string } };
    await page.goto(data.url);
    await page.getByRole("navigation", { name: "Console" }).waitFor();
    expect(new URL(page.url()).hash).toBe("");
    const other = await visit(browser);
    await other.page.goto(data.url);
    await other.page.getByLabel("API key").waitFor();
    await other.close();
  });

  test("whoever signs out is asked for a key, and the old cookie is worth nothing", async () => {
    const { page } = visitor;
    await signIn(page, at());
    const cookies = await page.context().cookies();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    await page.context().addCookies(cookies);
    await page.goto(at());
    await page.getByLabel("API key").waitFor();
  });
});

test("a session that ends is gone on with in place, and nothing typed is lost", async () => {
  const { page } = visitor;
  await signIn(page, at("/calls"));
  await page.getByRole("button", { name: "Report a call" }).first().click();
  await page.getByLabel("Webhook URL").fill("https://typed.example/hook");
  await page.context().clearCookies();
  const ended = page.getByRole("dialog", { name: "Your session has ended" });
  await ended.getByLabel("API key").fill(LOCAL_KEY);
  await ended.getByRole("button", { name: "Go on" }).click();
  await ended.waitFor({ state: "detached" });
  expect(await page.getByLabel("Webhook URL").inputValue()).toBe("https://typed.example/hook");
});

describe("a server that is busy", () => {
  test.each([
    [429, "RATE_LIMITED", "Too many requests come from this org."],
    [503, "UNAVAILABLE", "Storage is overloaded or away."],
  ])("%i is a countdown, and nothing is asked until it is over", async (status, error, message) => {
    const { page } = visitor;
    await signIn(page, at("/calls"));
    let asked = 0;
    await page.route("**/v1/**", (route) => {
      asked++;
      return route.fulfill({
        status,
        headers: { "retry-after": "4" },
        json: { data: null, errors: [{ error, message }] },
      });
    });
    await page.getByText(new RegExp(`${message.replaceAll(".", "\\.")} It goes on in 0:0[1-4]`)).waitFor();
    const before = asked;
    await page.waitForTimeout(2_000);
    expect(asked).toBe(before);
    await page.unroute("**/v1/**");
    await page.getByText(message).waitFor({ state: "detached" });
  });

  test("without any answer it says since when what is shown is old", async () => {
    const { page } = visitor;
    await signIn(page, at("/calls"));
    await page.route("**/v1/**", (route) => route.abort());
    await page.getByText(/The server does not answer, and what you see is not up to date/).waitFor();
    await page.getByText(/Stale since/).waitFor({ timeout: 20_000 });
  });
});

test("a page that is hidden asks nothing, and catches up when it is seen again", async () => {
  const { page } = visitor;
  await signIn(page, at("/calls"));
  await page.locator("tbody tr").first().waitFor();
  const hide = (isHidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"))`);
  await hide(true);
  await page.waitForTimeout(500); // what was under way is answered
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().includes("/v1/")) asked++;
  });
  const id = await scene.report({ call_id: "while-hidden" });
  await page.waitForTimeout(5_000);
  expect(asked).toBe(0);
  await hide(false);
  await page.locator("tbody tr").filter({ hasText: id }).waitFor({ timeout: 1_500 });
});

describe("a key that may not do everything", () => {
  test("without `read` there is nothing to see, and it says why", async () => {
    const { key } = await makeKey("org_local", ["report"]);
    await signIn(visitor.page, at(), key);
    await visitor.page.getByText("This key may not look").waitFor();
  });

  test("with `read` alone nothing can be sent or changed, and the server refuses it all the same", async () => {
    const id = await scene.report();
    const { key } = await makeKey("org_local", ["read"]);
    const { page } = visitor;
    await signIn(page, at(`/call?id=${id}`), key);
    await page.getByText(/answered 200/).waitFor();
    expect(await page.getByRole("button", { name: /^Send/ }).count()).toBe(0);
    await page.keyboard.press("r");
    await page.goto(at("/endpoints"));
    expect(await page.getByRole("button", { name: "Add endpoint" }).count()).toBe(0);
    const status = await page.evaluate(
      `fetch("/v1/postcall/webhooks/resend", { method: "POST", headers: { "x-postcall-console": "1",
        "content-type": "application/json" }, body: JSON.stringify({ call_ids: ["${id}"] }) }).then((r) => r.status)`,
    );
    expect(status).toBe(403);
    expect((await scene.api<WebhookLog>("GET", `postcall/webhooks/${id}`)).metadata).toHaveLength(1);
  });

  test("of a suspended org is told so", async () => {
    const { user_id, key } = await admin<NewOrg>("POST", "orgs", { name: "Late payers" });
    await admin("PATCH", `orgs/${user_id}`, { suspended: true });
    const { page } = visitor;
    await page.goto(at());
    await page.getByLabel("API key").fill(key.key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page
      .getByText(/suspended/)
      .first()
      .waitFor();
  });
});

describe("what comes from outside is text", () => {
  const HOSTILE = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>\u202egnp.exe\u0000`;

  test("markup, direction marks and control characters in an answer and in a payload do nothing", async () => {
    const { page } = visitor;
    scene.receiver.answer("/hostile", {
      status: 500,
      headers: { "x-answer": "<b>bold</b>", "content-type": "text/html" },
      body: HOSTILE,
    });
    const id = await scene.report({
      to: "/hostile",
      payload: {
        summary: HOSTILE,
        transcripts: [{ user: HOSTILE, text: HOSTILE, created_at: HOSTILE }, null, 7, { text: [] }],
        variables: { [HOSTILE]: HOSTILE },
      },
    });
    await signIn(page, at(`/call?id=${id}`));
    await page
      .getByText(/onerror/)
      .first()
      .waitFor();
    for (const tab of [/^Payload/, "Citations", "Verify", "Transcript"]) {
      await page.getByRole("tab", { name: tab }).click();
      await page.getByRole("tabpanel").waitFor();
    }
    expect(await page.evaluate("window.hurt")).toBe(undefined);
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.locator("main").innerText()).not.toContain("\u202e");
    expect(await page.getByText(/U\+202E/).count()).toBeGreaterThan(0);
  });

  test("a payload of 1 MiB, as deep as may be, is shown without freezing the page", async () => {
    const { page } = visitor;
    const deep = JSON.parse(`${'{"a":'.repeat(900)}1${"}".repeat(900)}`);
    const id = await scene.report({
      call_id: "huge",
      payload: { deep, list: Array.from({ length: 40_000 }, (_, index) => index), text: "x".repeat(600_000) },
    });
    await signIn(page, at(`/call?id=${id}&tab=payload`));
    await page.getByRole("tabpanel").getByText("disposition_tag").first().waitFor();
    expect(Number(await page.evaluate("document.querySelectorAll('*').length"))).toBeLessThan(5_000);
    expect(await scrollsSideways(page)).toBe(false);
  });
});

test("with the keyboard alone a call is found, opened, and sent again", async () => {
  const { page } = visitor;
  scene.receiver.answer("/keys", { status: 500 });
  const ids = [
    await scene.report({ call_id: "keys-1", to: "/keys" }),
    await scene.report({ call_id: "keys-2", to: "/keys" }),
  ];
  scene.receiver.answer("/keys", { status: 200 });
  await page.goto(at());
  await page.getByLabel("API key").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type(LOCAL_KEY);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Console" }).waitFor();
  await page.keyboard.press("/");
  await page.getByRole("searchbox").waitFor();
  await expect.poll(() => page.evaluate("document.activeElement?.type")).toBe("search");
  await page.keyboard.type("keys-");
  await expect.poll(() => page.locator("tbody tr").count()).toBe(2);
  await page.keyboard.press("Escape");
  await page.evaluate("document.activeElement.blur()");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByText(/answered 500/).waitFor();
  expect(new URL(page.url()).searchParams.get("id")).toBe(ids[0]);
  await page.keyboard.press("r");
  await page.getByText(/answered 200 at the first try/).waitFor();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Shortcuts" });
  await help.getByLabel("Single keys are shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await page.keyboard.press("?");
  expect(await help.count()).toBe(0);
});

test("a call is erased by typing its id", async () => {
  const { page } = visitor;
  const id = await scene.report({ call_id: "to-erase" });
  await signIn(page, at(`/call?id=${id}`));
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Erase call …" }).click();
  const dialog = page.getByRole("dialog");
  const erase = dialog.getByRole("button", { name: /^Erase/ });
  expect(await erase.isDisabled()).toBe(true);
  await dialog.getByRole("textbox").fill(id);
  await erase.click();
  await expect
    .poll(
      async () =>
        (
          await fetch(`${scene.server.url}/v1/postcall/calls/${id}`, {
            headers: { authorization: LOCAL_KEY },
          })
        ).status,
    )
    .toBe(404);
});

test("the operator makes an org, whose first key works at once", async () => {
  const { page } = visitor;
  await signIn(page, at(), LOCAL_ADMIN_KEY);
  await page.getByRole("button", { name: /org/i }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Acme Voice");
  await dialog.getByRole("button", { name: /Make/ }).click();
  const shown = page.getByRole("dialog").filter({ hasText: "whsec_" });
  const key = await shown.locator("pre").filter({ hasText: "pc_0_" }).innerText();
  const response = await fetch(`${scene.server.url}/v1/whoami`, { headers: { authorization: key } });
  expect(((await response.json()) as { data: { name: string } }).data.name).toBe("Acme Voice");
  for (const box of await shown.getByRole("checkbox").all()) await box.check();
  await shown.getByRole("button", { name: "Done" }).click();
  await page.getByText("Acme Voice").first().waitFor();
});
