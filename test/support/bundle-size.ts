/** Prints the sizes of the built Worker and of what a page of the console loads, and fails if one is over its bound. */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const WORKER_LIMIT_KIB = 150;
const PAGE_LIMIT_KIB = 70;
const CONSOLE = "dist/assets/console";

const kibOf = (file: string): number => gzipSync(readFileSync(file)).length / 1_024;

function tell(name: string, kib: number, limitKib: number): void {
  console.log(`${name} is ${kib.toFixed(1)} KiB gzipped; the bound is ${limitKib} KiB.`);
  if (kib > limitKib) process.exitCode = 1;
}

tell("The Worker", kibOf("dist/index.js"), WORKER_LIMIT_KIB);

/** A page's document names all the scripts that it loads. */
const scriptsOf = (document: string): string[] =>
  [...readFileSync(document, "utf8").matchAll(/rel="modulepreload" href="\/console\/([^"]+)"/g)].flatMap(
    ([, name]) => name ?? [],
  );

const names = readdirSync(CONSOLE);
const pages = names.filter((name) => name.endsWith(".html")).map((name) => `${CONSOLE}/${name}`);
const sizes = [`${CONSOLE}.html`, ...pages].map((document) =>
  scriptsOf(document).reduce((sum, name) => sum + kibOf(`${CONSOLE}/${name}`), 0),
);
tell("The most that a page of the console loads", Math.max(...sizes), PAGE_LIMIT_KIB);
const all = names
  .filter((name) => name.endsWith(".js"))
  .reduce((sum, name) => sum + kibOf(`${CONSOLE}/${name}`), 0);
console.log(`All its pages together are ${all.toFixed(1)} KiB.`);
