/** Checks an answer of the API against the OpenAPI document: its status is documented, and its body is what that says. */
import { Validator } from "@cfworker/json-schema";
import { expect, inject } from "vitest";

type Schema = Record<string, unknown>;
interface Documented {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

/** The paths of the document as patterns, with their operations by method. */
const documented = Object.entries(inject("openApiDocument").paths).map(([path, operations]) => ({
  pattern: new URLPattern({ pathname: path.replaceAll(/\{(\w+)\}/g, ":$1") }),
  // A fixed path comes before one with a parameter in the same place.
  parameters: path.split("{").length,
  operations: operations as Record<string, unknown> as Record<string, Documented>,
}));

/** Fails if the answer is not one that the document describes. Paths and methods that it does not have are let be. */
export function expectDocumented(
  request: { method: string; path: string },
  answer: { status: number; headers: Headers; text: string },
): void {
  const url = new URL(request.path, "http://postcall.test");
  const [found] = documented
    .filter(({ pattern }) => pattern.test({ pathname: url.pathname }))
    .sort((one, other) => one.parameters - other.parameters);
  const operation = found?.operations[request.method.toLowerCase()];
  if (operation === undefined) return;
  const what = `${request.method} ${request.path} answered ${answer.status} ${answer.text.slice(0, 500)}`;
  const response = operation.responses[answer.status];
  expect(response, `${what}: the document has no such status`).toBeDefined();
  const { schema } = response?.content?.["application/json"] ?? {};
  if (schema === undefined) return;
  expect(answer.headers.get("content-type"), what).toBe("application/json");
  const { valid, errors } = validatorOf(schema).validate(JSON.parse(answer.text));
  expect(valid ? [] : errors.slice(-3), what).toEqual([]);
}

const validators = new Map<Schema, Validator>();

function validatorOf(schema: Schema): Validator {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const { components } = inject("openApiDocument");
  const validator = new Validator(closed({ ...schema, components }) as Schema, "2020-12", false);
  validators.set(schema, validator);
  return validator;
}

/** The schema with no member allowed that it does not name: the document leaves room for new ones, the tests do not. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed);
  if (typeof part !== "object" || part === null) return part;
  const inner = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, closed(value)]));
  const isObject = typeof inner.properties === "object" && inner.type === "object";
  return isObject && inner.additionalProperties === undefined
    ? { ...inner, additionalProperties: false }
    : inner;
}
