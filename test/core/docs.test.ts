/** The pages of `/docs` as they are built: they render, their links lead somewhere, and they need nothing inline. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildDocs, renderGuides } from "../../src/docs/build.ts";
import { GUIDES } from "../../src/docs/guides.ts";
import { highlight } from "../../src/docs/highlight.ts";
import { renderGuide, repositoryPath } from "../../src/docs/render.ts";

const ROOT = join(import.meta.dirname, "../..");
const guides = renderGuides();
const { files } = buildDocs();
const pages = [...files]
  .filter(([path]) => path.endsWith(".html"))
  .map(([path, html]) => [path, String(html)] as const);

/** Paths of the site that are no guides. */
const OTHER_PAGES = ["/docs/api", "/openapi.json"];

const anchorsOf = (name: string): string[] => guides.get(name)?.headings.map(({ id }) => id) ?? [];

/** Why a link of a guide leads nowhere; null if it does lead somewhere. */
function fault(name: string, href: string): string | null {
  if (href.startsWith("https://")) return null;
  if (href.startsWith("/")) return OTHER_PAGES.includes(href) ? null : "no such page";
  const [file = "", anchor] = href.split("#");
  const target = file === "" ? name : file.replace(/\.md$/, "");
  if (!guides.has(target)) return existsSync(join(ROOT, repositoryPath(file))) ? null : "no such file";
  return anchor === undefined || anchorsOf(target).includes(anchor) ? null : "no such heading";
}

test("every Markdown file beside the guides is a guide, and has a title and a purpose", () => {
  const names = readdirSync(join(ROOT, "src/docs")).flatMap((name) => name.match(/(.*)\.md$/)?.[1] ?? []);
  expect(GUIDES.map(({ name }) => name).sort()).toEqual(names.sort());
  for (const { name, purpose } of GUIDES) {
    expect(guides.get(name)?.title).toMatch(/^[A-Z]/);
    expect(purpose).toMatch(/^[A-Z].*\.$/);
  }
});

test("every link of a guide leads to a page, a heading or a file", () => {
  const faults = [...guides].flatMap(([name, { links }]) =>
    links.flatMap((href) => {
      const why = fault(name, href);
      return why === null ? [] : [`${name}: ${href}: ${why}`];
    }),
  );
  expect(faults).toEqual([]);
});

test("every link of the README leads to a file", () => {
  const readme = renderGuide(readFileSync(join(ROOT, "README.md"), "utf8"));
  expect(readme.links.length).toBeGreaterThan(GUIDES.length);
  expect(readme.links.filter((href) => !existsSync(join(ROOT, href)))).toEqual([]);
  expect(readFileSync(join(ROOT, "README.md"), "utf8").split("\n").length).toBeLessThanOrEqual(150);
});

describe.each(pages)("%s", (path, html) => {
  test("has no script, style or handler of its own, and loads nothing from another host", () => {
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc="\/docs\/)/i);
    const loaded = html.matchAll(/<(?:script|link|img)[^>]*\s(?:src|href)="([^"]*)"/g);
    expect([...loaded].map(([, url = ""]) => url).filter((url) => !files.has(url.slice(1)))).toEqual([]);
  });

  test("links only to pages and headings that are there, and marks itself in the sidebar", () => {
    const own = `/${path.replace(/(\/index)?\.html$/, "")}`;
    const known = [...pages.map(([other]) => `/${other.replace(/(\/index)?\.html$/, "")}`), "/openapi.json"];
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = ""]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...html.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href = ""]) => href);
    const lost = links.filter((href) => {
      const [page = "", anchor] = href.split("#");
      if (page === "") return !ids.includes(anchor ?? "");
      return !href.startsWith("https://") && !known.includes(page);
    });
    expect(lost).toEqual([]);
    expect([...html.matchAll(/href="([^"]*)" aria-current="page"/g)].map(([, href]) => href)).toEqual(
      own === "/docs" ? [] : [own],
    );
  });
});

test("a link to a file of the repository becomes its path, and one to a guide its page", () => {
  const { html } = renderGuide(
    "# T\n\n[`src/core/backoff.ts`](../core/backoff.ts), [it](../core/backoff.ts), [S](send.md#resend)",
  );
  expect(html).toContain("<p><code>src/core/backoff.ts</code>, it (<code>src/core/backoff.ts</code>), ");
  expect(html).toContain('<a href="/docs/send#resend">S</a>');
});

test("a guide without a title, or with HTML of its own, is refused", () => {
  expect(() => renderGuide("text")).toThrow("no title");
  expect(() => renderGuide("# T\n\n<b>x</b>")).toThrow("HTML");
});

test("coloured code has the same text, escaped", () => {
  const code = `const a = "<b>" + 1; // 'x' & y`;
  expect(highlight(code, "js")).toBe(
    '<span class="k">const</span> a = <span class="s">&quot;&lt;b&gt;&quot;</span> + <span class="n">1</span>; <span class="c">// \'x\' &amp; y</span>',
  );
  expect(highlight("a < b", "text")).toBe("a &lt; b");
});
