/** What goes wrong has a face, and what comes from outside does no harm. The keyboard alone is enough. */
import { describe, expect, test } from "vitest";
import { LOCAL_KEY } from "../../src/local/seed.ts";
import { scrollsSideways, signIn } from "./browser.ts";
import { at, receiveVisits, scene, visitor } from "./visits.ts";

receiveVisits();

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
    await page.getByText(/^Live/).first().waitFor();
    await page.route("**/v1/**", (route) => route.abort());
    await page.getByText(/The server does not answer, and what you see is not up to date/).waitFor();
    await page.getByText(/Stale since/).waitFor({ timeout: 20_000 });
  });
});

describe("the page of a call that may still change", () => {
  const open = async () => {
    const { page } = visitor;
    scene.receiver.answer("/later", { status: 503 });
    const id = await scene.report({ to: "/later" });
    await signIn(page, at(`/call?id=${id}`));
    await page.getByText("Live", { exact: true }).waitFor();
    return page;
  };

  test("is not live while the server has a fault: it says since when it is stale, and why", async () => {
    const page = await open();
    const json = {
      data: null,
      errors: [{ error: "INTERNAL_SERVER_ERROR", message: "This is a bug of ours." }],
    };
    await page.route("**/v1/**", (route) => route.fulfill({ status: 500, json }));
    await page.getByText(/^Stale since/).waitFor();
    await page.getByText("This is a bug of ours.").waitFor();
    expect(await page.getByText("Live", { exact: true }).count()).toBe(0);
    await page.unroute("**/v1/**");
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await page.getByText("This is a bug of ours.").count()).toBe(0);
  });

  test("gives way to a suspension, and comes back when that is lifted", async () => {
    const page = await open();
    const refused = { data: null, errors: [{ error: "FORBIDDEN", message: "This org is suspended." }] };
    let asked = 0;
    await page.route("**/v1/**", (route) => {
      asked++;
      return route.fulfill({ status: 403, json: refused });
    });
    await page.getByText(/This org is suspended\./).waitFor();
    expect(await page.getByRole("button", { name: "Send now" }).count()).toBe(0);
    asked = 0;
    await page.waitForTimeout(5_000);
    expect(asked).toBeLessThanOrEqual(1); // each 10 s
    await page.unroute("**/v1/**");
    await page.getByRole("button", { name: "Send now" }).waitFor({ timeout: 15_000 });
  });

  test("asks for a key when the session ends during a suspension", async () => {
    const page = await open();
    const refusal = (status: number, error: string) => ({
      status,
      json: { data: null, errors: [{ error, message: "This org is suspended." }] },
    });
    await page.route("**/v1/**", (route) => route.fulfill(refusal(403, "FORBIDDEN")));
    await page.getByText(/This org is suspended\./).waitFor();
    await page.unroute("**/v1/**");
    await page.context().clearCookies();
    await page.getByLabel("API key").waitFor({ timeout: 15_000 });
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

  test("an org's name turns nothing around", async () => {
    const { page } = visitor;
    const { name } = await scene.api<{ name: string }>("GET", "org");
    await scene.api("PATCH", "org", { name: "\u202egro live" });
    await signIn(page, at());
    await page.getByText(/⟨U\+202E⟩gro live/).waitFor();
    await scene.api("PATCH", "org", { name });
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
  await page.getByText(/answered 200 when it was sent again/).waitFor();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Shortcuts" });
  await help.getByLabel("Single keys are shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await page.keyboard.press("?");
  expect(await help.count()).toBe(0);
});

test("a dialog that closes gives the focus back before anything else can be typed", async () => {
  const { page } = visitor;
  await signIn(page, at("/settings"));
  await page.getByRole("button", { name: "shortcuts" }).click();
  await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  const focused = await page.evaluate(`(async () => {
    document.querySelector("dialog [aria-label=Close]").click();
    for (let turn = 0; turn < 10; turn++) await null; // no painting, and no event of a key, comes between
    return document.activeElement.tagName + document.activeElement.textContent;
  })()`);
  expect(focused).toBe("BUTTON? shortcuts");
});

test("an address that names no call says so", async () => {
  const { page } = visitor;
  await signIn(page, at("/call"));
  await page.getByText("The address names no call").waitFor();
});
