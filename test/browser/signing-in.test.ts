/** Who gets into the console and how far: keys, links, sessions that end, and keys that may not do everything. */
import { describe, expect, test } from "vitest";
import type { NewKey, NewOrg, WebhookLog } from "../../src/console/answers.ts";
import { LOCAL_KEY } from "../../src/local/seed.ts";
import { LOCAL_ADMIN_KEY } from "../../src/local/variables.ts";
import { signIn, visit } from "./browser.ts";
import { at, browser, receiveVisits, scene, visitor } from "./visits.ts";

const admin = <T>(method: string, path: string, json?: unknown) =>
  scene.api<T>(method, `admin/${path}`, json, LOCAL_ADMIN_KEY);
const makeKey = (user_id: string, scopes: string[]) =>
  admin<NewKey>("POST", `orgs/${user_id}/keys`, { name: "for a test", scopes });

receiveVisits();

async function makeLink(key: string): Promise<string> {
  const init = { method: "POST", headers: { authorization: key } };
  const response = await fetch(`${scene.server.url}/console/links`, init);
  return ((await response.json()) as { data: { url: string } }).data.url;
}

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
    const url = await makeLink(LOCAL_KEY);
    await page.goto(url);
    await page.getByRole("navigation", { name: "Console" }).waitFor();
    expect(new URL(page.url()).hash).toBe("");
    const other = await visit(browser);
    await other.page.goto(url);
    await other.page.getByLabel("API key").waitFor();
    await other.close();
  });

  test("a used link says why it does nothing, also where the form is open already", async () => {
    const { page } = visitor;
    const url = await makeLink(LOCAL_KEY);
    await page.goto(url);
    await page.getByRole("navigation", { name: "Console" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(new URL(url).hash)}`);
    await page.getByText(/This link was used/).waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(new URL(await makeLink(LOCAL_KEY)).hash)}`);
    await page.getByRole("navigation", { name: "Console" }).waitFor();
    expect(new URL(page.url()).hash).toBe("");
  });

  test("a link to another org asks first, and a tab that is left behind can't act there", async () => {
    const { page } = visitor;
    const { key } = await admin<NewOrg>("POST", "orgs", { name: "Elsewhere" });
    await signIn(page, at("/calls"));
    const behind = await page.context().newPage();
    await behind.goto(at("/calls"));
    await behind.getByRole("button", { name: "Report a call" }).first().click();
    await page.goto(await makeLink(key.key));
    const dialog = page.getByRole("dialog", { name: "Sign in with the link?" });
    await dialog.getByText("Local", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Sign in with the link" }).click();
    await page.getByRole("navigation", { name: "Console" }).getByText("Elsewhere").waitFor();
    const again = behind.getByRole("dialog", { name: "Sign in again" });
    await again.getByText(/has signed in to another org/).waitFor();
    await again.getByLabel("API key").fill("pc_wrong");
    await again.getByRole("button", { name: "Go on" }).click();
    await again.getByText("This is no valid API key.").waitFor();
    expect(await again.getByText(/has signed in to another org/).count()).toBe(1);
    expect(await scene.api<unknown[]>("GET", "postcall/webhooks", undefined, key.key)).toEqual([]);
  });

  test.each([429, 500, 503])(
    "a server that answers %i at first is waited for, and says so",
    async (status) => {
      const { page } = visitor;
      await signIn(page, at());
      await page.route("**/v1/whoami", (route) =>
        route.fulfill({
          status,
          headers: { "retry-after": "1" },
          json: { data: null, errors: [{ error: "X", message: "It is too much just now." }] },
        }),
      );
      await page.goto(at());
      await page.getByText("It is too much just now. It is asked again by itself.").waitFor();
      await page.unroute("**/v1/whoami");
      await page.getByRole("navigation", { name: "Console" }).waitFor();
    },
  );

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
  const ended = page.getByRole("dialog", { name: "Sign in again" });
  await ended.getByText("This session of the console has ended.").waitFor();
  await ended.getByLabel("API key").fill(LOCAL_KEY);
  await ended.getByRole("button", { name: "Go on" }).click();
  await ended.waitFor({ state: "detached" });
  expect(await page.getByLabel("Webhook URL").inputValue()).toBe("https://typed.example/hook");
});

describe("unsaved settings", () => {
  const type = async () => {
    const { page } = visitor;
    await signIn(page, at("/settings"));
    await page.getByLabel("Default webhook").fill("https://typed.example/hook");
    return page;
  };

  test("of one org never come to another: whoever signs in to that begins anew", async () => {
    const other = await admin<NewOrg>("POST", "orgs", { name: "Other org" });
    const page = await type();
    await page.context().clearCookies();
    await page.getByRole("button", { name: "Save" }).first().click();
    const again = page.getByRole("dialog", { name: "Sign in again" });
    await again.getByLabel("API key").fill(other.key.key);
    await again.getByRole("button", { name: "Go on" }).click();
    const nav = page.getByRole("navigation", { name: "Console" });
    await nav.getByText("Other org").waitFor();
    expect(new URL(page.url()).pathname).toBe("/console");
    await nav.getByRole("link", { name: "Settings" }).click();
    expect(await page.getByLabel("Default webhook").inputValue()).toBe("");
    const { default_webhook } = await scene.api<{ default_webhook: string | null }>(
      "GET",
      "org",
      undefined,
      other.key.key,
    );
    expect(default_webhook).toBeNull();
  });

  test("are asked about when the page is loaded again, and keep nobody from signing out", async () => {
    const page = await type();
    let asked = 0;
    page.on("dialog", (dialog) => {
      asked++;
      void dialog.dismiss();
    });
    await page.getByLabel("Default webhook").click(); // a browser asks only whoever has touched the page
    await page.evaluate("location.reload()");
    await expect.poll(() => asked).toBe(1);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(asked).toBe(1);
  });
});

describe("a key that may not do everything", () => {
  test("without `read` there is nothing to see, and it says why; a call can be reported all the same", async () => {
    const { page } = visitor;
    const { key } = await makeKey("org_local", ["report"]);
    await signIn(page, at(), key);
    await page.getByText("This key may not look").waitFor();
    await page.getByRole("button", { name: "Report a call" }).click();
    const form = page.getByRole("dialog", { name: "Report a call" });
    await form.getByLabel("Payload").fill('{"call_id":"by-a-reporter"}');
    await form.getByLabel("Webhook URL").fill(scene.receiver.url("/reporter"));
    await form.getByRole("button", { name: "Report the call" }).click();
    await page.getByText("The call is reported").waitFor();
    expect(await page.getByRole("link", { name: "Open the call" }).count()).toBe(0);
    await expect
      .poll(() => scene.receiver.received.filter(({ path }) => path === "/reporter").length)
      .toBe(1);
    const log = () => scene.api<{ status: string }>("GET", "postcall/webhooks/by-a-reporter");
    await expect.poll(async () => (await log()).status).toBe("delivered");
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
