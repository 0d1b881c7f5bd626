/** Prints the built Worker's size, and fails if it is over its bound. Run by `npm run build`. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KIB = 150;

const kib = gzipSync(readFileSync("dist/index.js")).length / 1_024;
console.log(`The Worker is ${kib.toFixed(1)} KiB gzipped; the bound is ${LIMIT_KIB} KiB.`);
if (kib > LIMIT_KIB) process.exitCode = 1;
