/**
 * Makes the pages of `/docs` from the guides beside this file, and the API reference, which reads `/openapi.json` in
 * the browser. It reads files and writes none: `src/build.ts` does.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { GUIDES } from "./guides.ts";
import { indexHtml, page, referenceHead, referenceHtml } from "./page.ts";
import { type RenderedGuide, renderGuide } from "./render.ts";

/** No script and no style but our own files, and nothing from another host. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = [
  `content-security-policy: ${CONTENT_SECURITY_POLICY}`,
  "x-content-type-options: nosniff",
  "referrer-policy: no-referrer",
];

/** What the build writes into the folder of static assets. */
export interface Assets {
  /** The folder of its own, if it has one: what else lies there is removed. */
  folder?: string;
  /** By their paths from the root of the assets. */
  files: Map<string, string | Buffer>;
  /** By path; `*` stands for any end of one. Each as `name: value`. */
  headers: Record<string, readonly string[]>;
}

const require = createRequire(import.meta.url);
const SWAGGER_UI = [
  ["swagger-ui.css", require.resolve("swagger-ui-dist/swagger-ui.css")],
  ["swagger-ui-bundle.js", require.resolve("swagger-ui-dist/swagger-ui-bundle.js")],
] as const;

const read = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");

/** Each guide as it is rendered, by its name. */
export const renderGuides = (): Map<string, RenderedGuide> =>
  new Map(GUIDES.map(({ name }) => [name, renderGuide(read(`${name}.md`))]));

export function buildDocs(): Assets {
  const guides = renderGuides();
  const titles = new Map([...guides].map(([name, { title }]) => [name, title]));
  const files = new Map<string, string | Buffer>();
  for (const { name, purpose } of GUIDES) {
    const guide = guides.get(name);
    if (guide === undefined) continue;
    const { title, html, headings } = guide;
    const path = `/docs/${name}`;
    files.set(`docs/${name}.html`, page({ path, title, html, headings, description: purpose, titles }));
  }
  files.set(
    "docs/index.html",
    page({
      path: "/docs",
      title: "Postcall guides",
      html: indexHtml(titles),
      description: "How to use and run Postcall.",
      titles,
    }),
  );
  files.set(
    "docs/api.html",
    page({
      path: "/docs/api",
      title: "API reference",
      html: referenceHtml,
      head: referenceHead,
      description: "Every request of Postcall's API.",
      titles,
    }),
  );
  for (const name of ["style.css", "reference.css", "reference.js", "icon.svg"])
    files.set(`docs/${name}`, read(name));
  for (const [name, path] of SWAGGER_UI) files.set(`docs/${name}`, readFileSync(path));
  return { folder: "docs", files, headers: { "/docs": HEADERS, "/docs/*": HEADERS } };
}
