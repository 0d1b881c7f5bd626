/**
 * Writes the static assets of a deployment to `dist/assets`: `npm run assets`, which wrangler runs before it bundles
 * the Worker. A file that is right already is left alone and no file is ever half written, so that builds at the same
 * time do each other no harm.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { buildConsole } from "./console/build.ts";
import { type Assets, buildDocs } from "./docs/build.ts";
import { openApiDocument } from "./http/openapi/document.ts";
import { lintDocument } from "./http/openapi/lint.ts";

const document = JSON.stringify(await openApiDocument());
const problems = await lintDocument(document);
if (problems.length > 0) throw new Error(`The OpenAPI document has faults:\n${problems.join("\n")}`);

const ROOT = resolve(import.meta.dirname, "../dist/assets");

/** Whatever has static assets adds a step here. */
const STEPS: Assets[] = [
  buildDocs(),
  await buildConsole(),
  {
    files: new Map([["openapi.json", document]]),
    headers: { "/openapi.json": ["x-content-type-options: nosniff"] },
  },
];

for (const { folder, files } of STEPS) {
  for (const [path, content] of files) write(path, content);
  if (folder !== undefined) removeOthers(folder, files);
}
write("_headers", STEPS.map(({ headers }) => headerLines(headers)).join(""));

/** As the platform reads `_headers`: a path, then its headers, each indented. */
function headerLines(headers: Assets["headers"]): string {
  return Object.entries(headers)
    .map(([path, lines]) => `${[path, ...lines.map((line) => `  ${line}`)].join("\n")}\n`)
    .join("");
}

function write(path: string, content: string | Buffer): void {
  const file = join(ROOT, path);
  if (contentOf(file)?.equals(Buffer.from(content)) === true) return;
  mkdirSync(dirname(file), { recursive: true });
  const partial = join(dirname(ROOT), `${path.replaceAll("/", "_")}.${process.pid}`);
  writeFileSync(partial, content);
  renameSync(partial, file);
}

function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** What an earlier build left in the folder. */
function removeOthers(folder: string, files: Assets["files"]): void {
  for (const name of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name);
    if (name.isFile() && !files.has(path.slice(ROOT.length + 1).replaceAll("\\", "/")))
      rmSync(path, { force: true });
  }
}
