/** Lints the OpenAPI document. The build fails over what it finds. */
import { createConfig, lintFromString } from "@redocly/openapi-core";

/** What is wrong with the document, a sentence each; empty if nothing is. */
export async function lintDocument(source: string): Promise<string[]> {
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      // What anybody may ask, such as `/healthz`, has nothing to be refused for.
      "operation-4xx-response": "off",
    },
  });
  const problems = await lintFromString({ source, absoluteRef: "/openapi.json", config });
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`,
  );
}
