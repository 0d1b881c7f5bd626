/**
 * Writes the OpenAPI document for the Worker to serve, once it has been linted: `node src/http/openapi/build.ts FILE`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { openApiDocument } from "./document.ts";

const [, , file = "dist/assets/openapi.json"] = process.argv;
const source = JSON.stringify(await openApiDocument());

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    // What anybody may ask, such as `/healthz`, has nothing to be refused for.
    "operation-4xx-response": "off",
  },
});
const problems = await lintFromString({ source, absoluteRef: resolve(file), config });
for (const { ruleId, message, location } of problems)
  console.error(`${ruleId}: ${message} ${location[0]?.pointer ?? ""}`);
if (problems.length > 0) process.exit(1);

mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, source);
