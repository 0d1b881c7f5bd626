/** What somebody typed is not lost by a slip, and what could not be loaded is loaded once it can be. */
import { expect, test } from "vitest";
import { signIn } from "./browser.ts";
import { at, receiveVisits, scene, visitor } from "./visits.ts";

receiveVisits();

test("Escape closes a form at once, but drops what was typed only when pressed once more", async () => {
  const { page } = visitor;
  await signIn(page, at("/calls"));
  const open = () => page.getByRole("button", { name: "Report a call" }).first().click();
  const form = page.getByRole("dialog", { name: "Report a call" });
  await open();
  await form.waitFor();
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "detached" });
  await open();
  await form.getByLabel("Webhook URL").fill("https://typed.example/hook");
  await page.keyboard.press("Escape");
  await form.getByText("Once more drops what you typed.").waitFor();
  expect(await form.getByLabel("Webhook URL").inputValue()).toBe("https://typed.example/hook");
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "detached" });
});

test("a report that is half typed is still there after a step back", async () => {
  const { page } = visitor;
  await signIn(page, at("/calls"));
  await page.locator("tbody tr .c-call a").first().click();
  await page.getByRole("tablist").first().waitFor();
  await page.getByRole("link", { name: "Calls" }).first().click();
  const open = () => page.getByRole("button", { name: "Report a call" }).first().click();
  const field = page.getByRole("dialog", { name: "Report a call" }).getByLabel("Webhook URL");
  await open();
  await field.fill("https://typed.example/hook");
  await page.goBack();
  await page.getByRole("tablist").first().waitFor();
  await page.goForward();
  await open();
  expect(await field.inputValue()).toBe("https://typed.example/hook");
  await page.keyboard.press("Escape");
  await page.getByText("Once more drops what you typed.").waitFor();
});

test("settings that are not saved yet are still there after a look at another page, and can be saved or dropped", async () => {
  const { page } = visitor;
  const name = async () => (await scene.api<{ name: string }>("GET", "org")).name;
  const before = await name();
  await signIn(page, at("/settings"));
  const field = page.getByLabel("The org's name");
  const link = (text: string) =>
    page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: text });
  await field.fill("Acme Voice");
  await link("Calls").click();
  await page.locator("tbody tr").first().waitFor();
  await link("Settings").click();
  expect(await field.inputValue()).toBe("Acme Voice");
  expect(await name()).toBe(before);
  await page.getByRole("button", { name: "Discard" }).click();
  expect(await field.inputValue()).toBe(before);
  await field.fill("Acme Voice");
  await page.locator("form").filter({ has: field }).getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  expect(await name()).toBe("Acme Voice");
});

test("a page whose script did not come is loaded by itself once the server answers again", async () => {
  const { page } = visitor;
  await signIn(page, at("/calls"));
  await page.route("**/*", (route) => route.abort());
  await page.getByRole("link", { name: "Numbers" }).click();
  await page.getByText("The page could not be loaded").waitFor();
  await page.waitForRequest("**/healthz"); // it has seen that the server is away
  await page.waitForTimeout(200);
  await page.unroute("**/*");
  await page.getByRole("heading", { name: "Numbers", level: 1 }).waitFor();
});

test("after the back button the focus is on the page, not lost", async () => {
  const { page } = visitor;
  await signIn(page, at("/calls"));
  await page.locator("tbody tr .c-call a").first().click();
  await page.getByRole("tab", { name: "Verify" }).focus(); // it goes with its page
  await page.goBack();
  await page.locator("tbody tr").first().waitFor();
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
});
