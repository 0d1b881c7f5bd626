/** Makes the OpenAPI document once for all tests of the Worker, which check every answer against it. */
import type { TestProject } from "vitest/node";
import { type OpenApiDocument, openApiDocument } from "../../src/http/openapi/document.ts";

declare module "vitest" {
  interface ProvidedContext {
    openApiDocument: OpenApiDocument;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide("openApiDocument", await openApiDocument());
}
