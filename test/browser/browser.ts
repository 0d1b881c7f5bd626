/** A real browser: Debian's Chromium, driven by playwright. Each page notes what went wrong in it. */

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { LOCAL_KEY } from "../../src/local/seed.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Files of the run, for somebody to look at. */
const SCREENSHOTS = resolve(import.meta.dirname, "../../dist/screenshots");
const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });

export interface Visitor {
  page: Page;
  /** What went wrong by now: errors of scripts, and what the content security policy refused. */
  faults: string[];
  close: () => Promise<void>;
}

/** Somebody with a browser of their own, who is not signed in. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width: 1320, height: 860 },
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // The browser notes each refused request as an error; those are answers that the console handles.
    if (message.type() === "error" && !/^Failed to load resource/.test(message.text()))
      faults.push(message.text());
  });
  return { page, faults, close: () => context.close() };
}

export async function signIn(page: Page, url: string, key = LOCAL_KEY): Promise<void> {
  await page.goto(url);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Console" }).waitFor();
}

/** What axe-core holds against the page as it is, one line each. */
export async function axeViolations(page: Page): Promise<string[]> {
  // Through the debugger, because the page's policy lets no script of others in.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const { result } = await session.send("Runtime.evaluate", {
    expression:
      'axe.run({ rules: { "target-size": { enabled: true } } }).then(({ violations }) => JSON.stringify(violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target))))',
    awaitPromise: true,
  });
  await session.detach();
  return JSON.parse(String(result.value));
}

/** What can be pressed and is smaller than 24 px, but for links within a sentence, and what only the keyboard sees. */
export const smallTargets = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll("a, button, input, select, textarea, summary, [role=tab]")]
    .filter((target) => {
      const { width, height } = (target.closest("label") ?? target).getBoundingClientRect();
      const isSeen = width > 1 && height > 1 && target.checkVisibility({ visibilityProperty: true });
      const isInSentence = target.parentElement.closest("p, dd, li, small") !== null;
      return isSeen && !isInSentence && !target.matches(".skip") && Math.min(width, height) < 23.5;
    })
    .map((target) => target.outerHTML.slice(0, 160))`);

/** The picture of the README. `README_PICTURE=src/docs/console.png` writes it anew. */
const README_PICTURE = { name: "call-retrying-light", path: process.env.README_PICTURE };

/** Keeps a picture of the page as a file of the run. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  if (name === README_PICTURE.name && README_PICTURE.path !== undefined)
    await page.screenshot({ path: README_PICTURE.path });
}

/** Whether the page is wider than its window. */
export const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate("document.documentElement.scrollWidth > innerWidth");

export function expectNoFaults({ faults }: Visitor): void {
  expect(faults).toEqual([]);
}
