/**
 * Makes the console's files: scripts, style, and one document for each of its pages. It reads files and writes none:
 * `src/build.ts` does.
 */
import { basename, join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import type { Assets } from "../docs/build.ts";
import { PAGES } from "./pages.ts";

/** No script and no style but our own files, and nothing from another host. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const FILE_HEADERS = ["x-content-type-options: nosniff", "cache-control: no-cache"];
const HEADERS = [
  `content-security-policy: ${CONTENT_SECURITY_POLICY}`,
  "referrer-policy: no-referrer",
  "x-robots-tag: noindex",
  ...FILE_HEADERS,
];

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E%3Crect x='1' y='3.5' width='16' height='11' rx='2' fill='none' stroke='%231f4fd8' stroke-width='1.6'/%3E%3Cpath d='M1.5 5l7.5 5.4L16.5 5' fill='none' stroke='%231f4fd8' stroke-width='1.6'/%3E%3C/svg%3E";

/** The document of a page. What its script imports is named, so that it is not asked for one after the other. */
const documentOf = (scripts: readonly string[]) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Postcall</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="/console/console.css">
${scripts.map((name) => `<link rel="modulepreload" href="/console/${name}">\n`).join("")}<body>
<div id="app"></div>
<noscript>The console needs JavaScript. The API does not: see <a href="/docs">the guides</a>.</noscript>
<script type="module" src="/console/app.js"></script>
</body>
</html>
`;

const here = (name: string) => join(import.meta.dirname, name);

const OPTIONS = {
  outdir: "console",
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: "esm",
  target: "es2024",
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
} as const satisfies BuildOptions;

export async function buildConsole(): Promise<Assets> {
  const [app, view, style] = await Promise.all([
    build({ ...OPTIONS, entryPoints: [here("app.tsx")], splitting: true, chunkNames: "[name]-[hash]" }),
    build({ ...OPTIONS, entryPoints: [here("view.tsx")] }),
    build({ ...OPTIONS, entryPoints: [here("style/console.css")] }),
  ]);
  const [viewScript, styleSheet] = [view, style].map(({ outputFiles: [file] }) =>
    Buffer.from(file?.contents ?? []),
  );
  const files = new Map<string, string | Buffer>([
    ...app.outputFiles.map(
      ({ path, contents }) => [`console/${basename(path)}`, Buffer.from(contents)] as const,
    ),
    ["console/console.css", styleSheet ?? ""],
    // The page of an inbox needs no key, so it works too where a login lies in front of the console.
    ["view.js", viewScript ?? ""],
    ["view.css", styleSheet ?? ""],
  ]);
  for (const page of PAGES) {
    const path = page === "overview" ? "console.html" : `console/${page}.html`;
    files.set(path, documentOf(scriptsOf(page, app.metafile.outputs)));
  }
  const headers = {
    "/console": HEADERS,
    "/console/*": HEADERS,
    "/view.js": FILE_HEADERS,
    "/view.css": FILE_HEADERS,
  };
  return { folder: "console", files, headers };
}

type Outputs = Awaited<ReturnType<typeof build<typeof OPTIONS>>>["metafile"]["outputs"];

/** The entry point of a page's own script. */
const moduleOf = (page: string): string => (page === "inbox" ? "inboxes/inbox-page.tsx" : `${page}/page.tsx`);

/** The script of the console and that of a page, each with what it imports at once. */
function scriptsOf(page: string, outputs: Outputs): string[] {
  const needed = new Set<string>();
  const need = (path: string) => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const { path: imported, kind } of outputs[path]?.imports ?? [])
      if (kind === "import-statement") need(imported);
  };
  for (const name of ["app.tsx", moduleOf(page)]) {
    const found = Object.entries(outputs).find(([, { entryPoint }]) =>
      entryPoint?.endsWith(`console/${name}`),
    );
    if (found === undefined) throw new Error(`the console's ${name} was not built`);
    need(found[0]);
  }
  return [...needed].map((path) => basename(path));
}
