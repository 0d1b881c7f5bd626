/**
 * The stage of tests that are visits: one scene and one browser for the file, and for each test somebody who is not
 * signed in yet. Nothing may go wrong in their page.
 */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { expectNoFaults, openBrowser, type Visitor, visit } from "./browser.ts";
import { openScene, type Scene } from "./scene.ts";

export let scene: Scene;
export let browser: Browser;
export let visitor: Visitor;

/** An address of the console. */
export const at = (path = "") => `${scene.server.url}/console${path}`;

/** Sets the stage; one call is reported already. */
export function receiveVisits(): void {
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
}
