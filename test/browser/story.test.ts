/** Somebody signs in, finds out why a call's webhook failed, and sends it again. Then they look after the rest. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WebhookLog } from "../../src/console/answers.ts";
import { expectNoFaults, openBrowser, signIn, type Visitor, visit } from "./browser.ts";
import { openScene, type Scene } from "./scene.ts";

let scene: Scene;
let browser: Browser;
let visitor: Visitor;
let page: Page;

const console_ = (path = "") => `${scene.server.url}/console${path}`;
const logOf = (id: string) => scene.api<WebhookLog>("GET", `postcall/webhooks/${id}`);
const rows = () => page.locator("tbody tr");
const rowOf = (id: string) => rows().filter({ hasText: id });

beforeAll(async () => {
  scene = await openScene({ RETRY_SCHEDULE: "1h" });
  browser = await openBrowser();
  visitor = await visit(browser);
  page = visitor.page;
  await signIn(page, console_());
});
afterAll(async () => {
  await browser?.close();
  await scene?.stop();
});

test("a call that is reported in the console appears in the list, without a reload", async () => {
  await page.getByRole("link", { name: "Calls", exact: true }).click();
  await page.getByRole("button", { name: "Report a call" }).first().click();
  const dialog = page.getByRole("dialog");
  const payload = JSON.parse(await dialog.getByLabel("Payload, as JSON").inputValue());
  await dialog.getByLabel("Webhook URL").fill(scene.receiver.url("/hook"));
  let reports = 0;
  page.on("request", (request) => {
    if (request.method() === "POST") reports++;
  });
  await dialog.getByRole("button", { name: "Report the call" }).dblclick();
  await dialog.getByText("It goes to").waitFor();
  expect(reports).toBe(1);
  await page.keyboard.press("Escape");
  await rowOf(payload.call_id).getByText("Delivered").waitFor();
  expect(scene.receiver.received.map(({ body }) => JSON.parse(body).call_id)).toEqual([payload.call_id]);
  expect((await logOf(payload.call_id)).status).toBe("delivered");
});

describe("a call whose receiver fails", () => {
  let id = "";

  test("it appears by itself, as one that is retried", async () => {
    scene.receiver.answer("/crm", { status: 503, body: '{"error":"upstream CRM is in maintenance"}' });
    id = await scene.report({ to: "/crm" });
    await rowOf(id).getByText("Retrying").waitFor();
    await expect.poll(() => rowOf(id).getByRole("img").getAttribute("aria-label")).toMatch(/^503, next in /);
  });

  test("its page says what was answered, and when the next attempt goes", async () => {
    await rowOf(id).getByRole("link", { name: id }).click();
    await page
      .getByText(/answered 503\. 1 attempt is made\. The next attempt goes in 5\d min|in 1 h/)
      .waitFor();
    await page.getByText("upstream CRM is in maintenance").waitFor();
    expect(new URL(page.url()).searchParams.get("id")).toBe(id);
  });

  test("its request can be copied as a command that sends the same bytes", async () => {
    await page.getByRole("button", { name: "Copy as cURL" }).click();
    await page.getByText("The command copied.").waitFor();
    const command = String(await page.evaluate("navigator.clipboard.readText()"));
    expect(command).toContain(scene.receiver.url("/crm"));
    expect(command).toMatch(/webhook-signature: v1,/);
    const sent = scene.receiver.received.findLast(({ path }) => path === "/crm")?.body ?? "";
    expect(command).toContain(sent.slice(0, 60).replaceAll("'", "'\\''"));
  });

  test("sent again when the receiver is mended, the new attempt arrives in the page", async () => {
    scene.receiver.answer("/crm", { status: 200, body: '{"ok":true}' });
    await page.getByRole("button", { name: /^Send now/ }).click();
    await page.getByText(/answered 200 when it was sent again/).waitFor();
    await page.getByText("Delivered").first().waitFor();
    const log = await logOf(id);
    expect(log.metadata.map(({ send_type, response_code }) => [send_type, response_code])).toEqual([
      ["spawn", 503],
      ["resend", 200],
    ]);
    expect(scene.receiver.received.filter(({ path }) => path === "/crm")).toHaveLength(2);
  });

  test("its payload is a tree, and its transcript a conversation", async () => {
    await page.getByRole("tab", { name: "Transcript" }).click();
    await page.getByText("Monday at nine thirty works").first().waitFor();
    await page.getByRole("tab", { name: /^Payload/ }).click();
    await page.getByText("disposition_tag").first().waitFor();
    await page.getByRole("tab", { name: "Verify" }).click();
    await page.getByText("POSTCALL_SECRET").first().waitFor();
  });
});

describe("the list", () => {
  beforeAll(async () => {
    scene.receiver.answer("/broken", { status: 500 });
    for (let index = 0; index < 3; index++) await scene.report({ to: "/broken" });
    for (let index = 0; index < 60; index++) await scene.report();
    await page.goto(console_("/calls"));
    await rows().nth(49).waitFor();
  });

  test("filters are in the address, and a reload shows the same", async () => {
    await page.goto(console_("/calls?status=retrying"));
    await expect.poll(() => rows().count()).toBe(3);
    await page.reload();
    await expect.poll(() => rows().count()).toBe(3);
    for (const row of await rows().all()) expect(await row.innerText()).toContain("Retrying");
  });

  test("a search finds a call by the beginning of its id", async () => {
    const id = await scene.report({ call_id: "needle-1" });
    await page.goto(console_("/calls"));
    await rows().first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("needle");
    await expect.poll(() => rows().count()).toBe(1);
    await rowOf(id).waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("needle");
  });

  test("the cursor is followed, and what is reported meanwhile moves nothing", async () => {
    await page.goto(console_("/calls"));
    await rows().nth(49).waitFor();
    await page.getByRole("button", { name: /Show more/ }).click();
    await expect.poll(() => rows().count()).toBeGreaterThan(60);
    await page.evaluate("scrollTo(0, 400)");
    const before = await rows().count();
    await scene.report({ call_id: "late-1" });
    await page.getByRole("button", { name: "1 new" }).waitFor();
    expect(await rows().count()).toBe(before);
    await page.getByRole("button", { name: "1 new" }).click();
    await rowOf("late-1").waitFor();
  });

  test("before sending it says what will be sent, and afterwards each is sent once", async () => {
    const held = await scene.report({ call_id: "without-webhook", to: null });
    const sendable = await scene.report({ call_id: "with-webhook", to: "/again" });
    await page.goto(console_("/calls"));
    for (const id of [held, sendable]) await page.getByLabel(`Select ${id}`, { exact: true }).check();
    const dock = page.getByRole("region", { name: "The selected calls" });
    await dock.getByText("2 selected").waitFor();
    await dock.getByText(/1 of 2 .*no webhook/).waitFor();
    await dock.getByRole("button", { name: /^Send again/ }).click();
    await expect.poll(async () => (await logOf(sendable)).metadata.length).toBe(2);
    expect(scene.receiver.received.filter(({ path }) => path === "/again")).toHaveLength(2);
  });

  test("with more than 20 it asks first, and tells how far it is", async () => {
    await page.goto(console_("/calls?status=delivered"));
    await rows().nth(49).waitFor();
    await page.getByLabel("Select all that are shown").check();
    const sent = scene.receiver.received.length;
    await page.keyboard.press("r");
    await page.getByRole("dialog", { name: "Send 50 calls again?" }).waitFor();
    await page.getByRole("button", { name: "Send 50 calls again" }).click();
    await expect.poll(() => scene.receiver.received.length, { timeout: 20_000 }).toBe(sent + 50);
  });
});

test("an endpoint is paused, its call waits, and enabling it sends the call", async () => {
  const url = scene.receiver.url("/paused");
  await scene.api("PATCH", "endpoints", { url, description: "The CRM of Acme" });
  await page.goto(console_("/endpoints"));
  const row = rows().filter({ hasText: "The CRM of Acme" });
  await row.getByRole("button", { name: /^Pause/ }).click();
  await row.getByText(/paused by somebody/).waitFor();
  const id = await scene.report({ to: "/paused" });
  await row.getByRole("link", { name: "1", exact: true }).waitFor();
  expect((await logOf(id)).reason).toBe("endpoint_paused");
  await row.getByRole("button", { name: /^Enable/ }).click();
  await page.getByRole("button", { name: "Enable, send it now" }).click();
  await expect.poll(async () => (await logOf(id)).status).toBe("delivered");
  expect(scene.receiver.received.filter(({ path }) => path === "/paused")).toHaveLength(1);
});

test("a secret is rotated: the new one is shown once, and signs beside the old one", async () => {
  await page.goto(console_("/settings"));
  await page.getByRole("button", { name: "Make a new secret …" }).click();
  await page.getByRole("button", { name: "Make the secret" }).click();
  const dialog = page.getByRole("dialog", { name: "The new signing secret" });
  const secret = await dialog.locator("pre").innerText();
  expect(secret).toMatch(/^whsec_/);
  await page.keyboard.press("Escape");
  expect(await dialog.isVisible()).toBe(true);
  await dialog.getByLabel("I have saved it").check();
  await dialog.getByRole("button", { name: "Done" }).click();
  await scene.report({ to: "/signed" });
  await expect.poll(() => scene.receiver.received.some(({ path }) => path === "/signed")).toBe(true);
  const signed = scene.receiver.received.find(({ path }) => path === "/signed");
  expect(String(signed?.headers["webhook-signature"]).split(" ")).toHaveLength(2);
});

test("an inbox shows what arrives, also to somebody who has only its page's address", async () => {
  await page.goto(console_("/inboxes"));
  await page.getByRole("button", { name: "Make an inbox" }).first().click();
  await page.getByText("Nothing has come yet").waitFor();
  const [inbox] = await scene.api<{ url: string; view_url: string }[]>("GET", "inboxes");
  const stranger = await visit(browser);
  await stranger.page.goto(inbox?.view_url ?? "");
  await stranger.page.getByText("Nothing has come yet").waitFor();
  await scene.api("POST", "postcall/webhooks/test", { url: inbox?.url });
  for (const { page: each } of [visitor, stranger]) {
    const newest = each.getByRole("listbox").getByRole("option").first();
    await newest.waitFor();
    expect(await newest.innerText()).toMatch(/Signed/);
  }
  // Who has no key sees no signature, and nothing of the console.
  expect(await stranger.page.content()).not.toMatch(/v1,[A-Za-z0-9+/=]{20}/);
  expect(await stranger.page.getByRole("navigation", { name: "Console" }).count()).toBe(0);
  expect(await stranger.page.context().cookies()).toEqual([]);
  expectNoFaults(stranger);
  await stranger.close();
});

test("in all of this no script failed, and the content security policy refused nothing", () => {
  expectNoFaults(visitor);
});
