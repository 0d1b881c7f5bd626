/** Every array, record and string in a request's body or query has a maximum. This walks all routes without exceptions. */
import { expect, test } from "vitest";
import * as z from "zod";
import { boundedArray, boundedRecord, members } from "../../src/http/bounded.ts";
import type { Route } from "../../src/http/route.ts";
import { ROUTES } from "../../src/http/routes.ts";

const schemas = (ROUTES as readonly Route[]).flatMap(({ method, path, query = {}, body }) => [
  ...(body === undefined ? [] : [[`${method} ${path}`, body.schema] as const]),
  ...Object.entries(query).map(([name, schema]) => [`${method} ${path} ?${name}=`, schema] as const),
]);

/** What the walk knows of a schema's inside, whatever its type. */
interface Definition {
  type: string;
  checks?: { _zod: { def: { check: string } } }[];
  innerType?: z.ZodType;
  element?: z.ZodType;
  keyType?: z.ZodType;
  valueType?: z.ZodType;
  in?: z.ZodType;
  out?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  options?: z.ZodType[];
}
const definitionOf = (schema: z.ZodType) => schema._zod.def as unknown as Definition;
const hasMaximum = ({ checks = [] }: Definition) =>
  checks.some(({ _zod }) => ["max_length", "length_equals"].includes(_zod.def.check));

/** The parts of a schema that have no maximum. `isCounted`: an earlier stage has counted the elements. */
function unbounded(schema: z.ZodType, path: string, isCounted = false): string[] {
  const definition = definitionOf(schema);
  const { type, innerType, element, keyType, valueType, shape = {}, options = [] } = definition;
  const isBounded =
    type === "string"
      ? hasMaximum(definition)
      : type === "array"
        ? isCounted || hasMaximum(definition)
        : type === "record"
          ? schema.meta()?.maxProperties !== undefined
          : [
              "object",
              "enum",
              "int",
              "number",
              "boolean",
              "optional",
              "nullable",
              "default",
              "pipe",
              "transform",
              "custom",
              "unknown",
              "literal",
              "union",
            ].includes(type);
  const inner = [innerType, element, keyType, valueType, ...options].flatMap((part) =>
    part === undefined ? [] : unbounded(part, path),
  );
  const first = definition.in === undefined ? [] : unbounded(definition.in, path);
  const counts = definition.in !== undefined && hasMaximum(definitionOf(definition.in));
  const then = definition.out === undefined ? [] : unbounded(definition.out, path, counts);
  const named = Object.entries(shape).flatMap(([name, part]) => unbounded(part, `${path}.${name}`));
  return [...(isBounded ? [] : [`${path} (${type})`]), ...inner, ...first, ...then, ...named];
}

test.each(schemas)("%s has a maximum everywhere", (name, schema) => {
  expect(unbounded(schema, name)).toEqual([]);
});

test("all schemas are found", () => {
  expect(schemas.length).toBeGreaterThanOrEqual(26);
});

test.each([
  ["a string", z.string()],
  ["an array", z.array(z.int())],
  ["an array's string", boundedArray(z.string(), { max: 2, rule: "" })],
  ["a record", z.record(z.string().max(1), z.int())],
  ["a record's member", boundedRecord(z.string(), { max: 1, maxName: 1, rule: "" })],
  ["a member's member", members({ a: members({ b: z.string().optional() }) })],
  ["either of two", z.union([z.int(), z.string()])],
])("%s without one is found", (_what, schema) => {
  expect(unbounded(schema, "body")).toHaveLength(1);
});
