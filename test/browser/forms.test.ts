/** Forms and dialogs: what must be typed before it is done, what is shown once, and what a refusal says. */
import { describe, expect, test } from "vitest";
import { LOCAL_KEY } from "../../src/local/seed.ts";
import { LOCAL_ADMIN_KEY } from "../../src/local/variables.ts";
import { signIn } from "./browser.ts";
import { at, receiveVisits, scene, visitor } from "./visits.ts";

receiveVisits();

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

describe("what a form is refused for stands beside its field, in the form's terms", () => {
  test("a member of the payload is named", async () => {
    const { page } = visitor;
    await signIn(page, at("/calls"));
    await page.getByRole("button", { name: "Report a call" }).first().click();
    const form = page.getByRole("dialog", { name: "Report a call" });
    await form.getByLabel("Payload").fill('{"status":"completed"}');
    await form.getByRole("button", { name: "Report the call" }).click();
    await form.getByText(/^payload\.call_id must be a string/).waitFor();
  });

  test("the field's own name is not, and null is an empty field", async () => {
    const { page } = visitor;
    await signIn(page, at("/endpoints"));
    await page.getByRole("button", { name: "Add endpoint" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("URL").fill("https://crm.example/hook");
    await form.getByLabel("Attempts a second").fill("abc");
    await form
      .getByRole("button", { name: /Add|Save/ })
      .last()
      .click();
    await form.getByText(/^Must be a number of attempts a second .*, or empty, and is "abc"\.$/).waitFor();
  });

  test("limits are not called limits.something", async () => {
    const { page } = visitor;
    await signIn(page, at("/admin?org=org_local"), LOCAL_ADMIN_KEY);
    await page.getByLabel("Reports a minute").fill("many");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByText(/^Must be a whole number/).waitFor();
  });
});
