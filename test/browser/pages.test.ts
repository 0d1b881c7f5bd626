/** Each page as it is seen: light and dark, on a desktop and on a phone. Pictures are kept as files of the run. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LOCAL_ADMIN_KEY } from "../../src/local/variables.ts";
import {
  axeViolations,
  expectNoFaults,
  keepPicture,
  openBrowser,
  scrollsSideways,
  signIn,
  smallTargets,
  type Visitor,
  visit,
} from "./browser.ts";
import { everyState, openScene, type Scene } from "./scene.ts";

let scene: Scene;
let browser: Browser;
let ids: Record<string, string>;
let inbox: { id: string; url: string; view_url: string };

beforeAll(async () => {
  scene = await openScene({ RETRY_SCHEDULE: "5s, 5m, 30m, 2h, 5h, 10h, 14h, 20h, 24h" });
  browser = await openBrowser();
  inbox = await scene.api("POST", "inboxes", {});
  await scene.api("POST", "inbound/+14155550100", { webhook: scene.receiver.url("/hook") });
  await scene.api("POST", "inbound/+442079460958", { webhook: null, webhook_events: ["citations"] });
  await scene.api("POST", "postcall/webhooks/test", { url: inbox.url });
  ids = await everyState(scene);
});
afterAll(async () => {
  await browser?.close();
  await scene?.stop();
});

const LOOKS: Record<string, BrowserContextOptions> = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: { width: 390, height: 800 }, hasTouch: true },
  // A desktop at 200 % has half its width.
  zoomed: { colorScheme: "light", viewport: { width: 660, height: 430 }, deviceScaleFactor: 2 },
  contrast: { colorScheme: "dark", forcedColors: "active" },
};

/** Each page, and a text that is there once it is loaded. */
const PAGES = (): [name: string, address: string, loaded: RegExp][] => [
  ["overview", "", /endpoint/i],
  ["calls", "/calls", /Delivered/],
  ["calls-empty", "/calls?q=nothing-has-this", /nothing-has-this|No call|match/],
  ["call-retrying", `/call?id=${ids.retrying}`, /upstream CRM is in maintenance/],
  ["call-delivered", `/call?id=${ids.delivered}&tab=payload`, /call_length/],
  ["call-held", `/call?id=${ids.held}`, /held for its citations/],
  ["call-without-webhook", `/call?id=${ids.noWebhook}`, /can be sent to one now/],
  ["call-cited", `/call?id=${ids.cited}`, /new_time/],
  ["call-citations", `/call?id=${ids.cited}&tab=citations`, /wants_reminder/],
  ["call-gone", "/call?id=never-reported", /There is no such call/],
  ["call-verify", `/call?id=${ids.retrying}&tab=verify`, /POSTCALL_SECRET/],
  ["endpoints", "/endpoints", /paused/],
  ["numbers", "/numbers", /415 555 0100/],
  ["inboxes", "/inboxes", /seven days/],
  ["inbox", `/inbox?id=${inbox.id}`, /valid/i],
  ["settings", "/settings", /Signing secrets/],
];

/** Each dialog, where it is, and the button that opens it. */
const DIALOGS: [name: string, address: string, button: string][] = [
  ["report", "/calls", "Report a call"],
  ["endpoint-settings", "/endpoints", "Settings of"],
  ["number", "/numbers", "Add number"],
  ["new-secret", "/settings", "Make a new secret"],
];

async function look(visitor: Visitor, name: string, loaded: RegExp): Promise<void> {
  const { page } = visitor;
  await page.locator("main").getByText(loaded).first().waitFor();
  await page.waitForTimeout(600); // what slides in has come to rest
  await keepPicture(page, name);
  expect(await axeViolations(page), name).toEqual([]);
  expect(await smallTargets(page), name).toEqual([]);
  expect(await scrollsSideways(page), `${name} scrolls sideways`).toBe(false);
}

describe.each(Object.keys(LOOKS))("%s", (look_) => {
  test("every page of an org can be used by everyone", async () => {
    const visitor = await visit(browser, LOOKS[look_]);
    await visitor.page.goto(`${scene.server.url}/console`);
    await look(visitor, `sign-in-${look_}`, /Sign in/);
    await signIn(visitor.page, `${scene.server.url}/console`);
    for (const [name, address, loaded] of PAGES()) {
      await visitor.page.goto(`${scene.server.url}/console${address}`);
      await look(visitor, `${name}-${look_}`, loaded);
    }
    for (const [name, address, button] of DIALOGS) {
      await visitor.page.goto(`${scene.server.url}/console${address}`);
      await visitor.page.getByRole("button", { name: button }).first().click();
      await visitor.page.getByRole("dialog").waitFor();
      await look(visitor, `dialog-${name}-${look_}`, /./);
    }
    expectNoFaults(visitor);
    await visitor.close();
  }, 120_000);

  test("so can the operator's, and the page of an inbox that needs no key", async () => {
    const visitor = await visit(browser, LOOKS[look_]);
    await visitor.page.goto(inbox.view_url);
    await look(visitor, `view-${look_}`, /valid/i);
    await signIn(visitor.page, `${scene.server.url}/console`, LOCAL_ADMIN_KEY);
    await look(visitor, `admin-${look_}`, /org_local/);
    await visitor.page.goto(`${scene.server.url}/console/admin?org=org_local`);
    await look(visitor, `admin-org-${look_}`, /Keys/);
    expectNoFaults(visitor);
    await visitor.close();
  });
});
