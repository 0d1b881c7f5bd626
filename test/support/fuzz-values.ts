/** Values made up from a schema of the OpenAPI document: all that it allows, and ids that exist more often than others. */
import fc from "fast-check";
import type { OpenApiDocument } from "../../src/http/openapi/document.ts";

export type Schema = Record<string, unknown>;

/** `known`: ids that exist, by the name of their parameter. */
export interface Context {
  document: OpenApiDocument;
  known: Record<string, string[]>;
}

const URLS = [
  "http://127.0.0.1:1/",
  "https://crm.example/hook?call=1",
  "http://127.0.0.1:1/p#f",
  "ftp://x",
  "no url",
];

/** Values that a schema of the document allows. */
export function valuesOf(context: Context, schema: Schema): fc.Arbitrary<unknown> {
  if (typeof schema.$ref === "string")
    return valuesOf(context, context.document.components.schemas[schema.$ref.split("/").pop() ?? ""] ?? {});
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  const options = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (options !== undefined) return fc.oneof(...options.map((option) => valuesOf(context, option)));
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type: string) => valuesOf(context, { ...schema, type })));
  return (VALUES[String(schema.type)] ?? (() => fc.jsonValue()))(context, schema);
}

const VALUES: Record<string, (context: Context, schema: Schema) => fc.Arbitrary<unknown>> = {
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  integer: (_, { minimum = -10, maximum = 1e6 }) =>
    fc.integer({ min: Number(minimum), max: Number(maximum) }),
  number: (_, { minimum = -10, maximum = 1e6 }) =>
    fc.double({ min: Number(minimum), max: Number(maximum), noNaN: true }),
  string: ({ known }, { pattern, format, maxLength = 40 }) => {
    if (format === "date-time") return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
    const ids = known.call_id ?? ["call-1"];
    if (typeof pattern === "string" && pattern.includes("(?!"))
      return fc.oneof(fc.constantFrom(...ids), fc.stringMatching(/^[a-z0-9-]{1,20}$/));
    if (typeof pattern === "string")
      return fc.stringMatching(new RegExp(pattern)).map((text) => text.slice(0, 2_000));
    return fc.oneof(
      fc.constantFrom(...URLS, "5s", "30m", "+14155550100", "x-team"),
      fc.string({ minLength: 1, maxLength: Math.min(Number(maxLength), 60), unit: "grapheme" }),
    );
  },
  array: (context, { items = {}, maxItems = 5 }) =>
    fc.uniqueArray(valuesOf(context, items as Schema), {
      ...{
        minLength: 0,
        maxLength: Math.min(Number(maxItems), 5),
        comparator: (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other),
      },
    }),
  object: (context, { properties = {}, required = [], additionalProperties }) => {
    const members = Object.entries(properties as Record<string, Schema>);
    const isNeeded = (name: string) => (required as string[]).includes(name);
    const shape = fc.record(
      Object.fromEntries(members.map(([name, member]) => [name, valuesOf(context, member)])),
      { requiredKeys: members.map(([name]) => name).filter(isNeeded) },
    );
    if (additionalProperties === false || additionalProperties === undefined) return shape;
    const others =
      additionalProperties === true
        ? fc.dictionary(fc.constantFrom("to", "from", "inbound", "status", "n", "é"), fc.jsonValue())
        : fc.dictionary(
            fc.stringMatching(/^[a-z-]{1,12}$/),
            valuesOf(context, additionalProperties as Schema),
          );
    return fc.tuple(others, shape).map(([more, named]) => ({ ...more, ...named }));
  },
};
