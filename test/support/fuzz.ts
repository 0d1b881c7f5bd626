/**
 * Requests made up from the OpenAPI document: valid ones by its schemas, and nearly valid ones, in which something is
 * missing, added, of another type, cut off or far too long.
 */
import fc from "fast-check";
import type { OpenApiDocument } from "../../src/http/openapi/document.ts";
import { type Context, type Schema, valuesOf } from "./fuzz-values.ts";

export interface FuzzedRequest {
  method: string;
  path: string;
  /** Whose key it has. */
  as: "org" | "reader" | "other" | "admin" | "nobody";
  headers: Record<string, string>;
  body: string | undefined;
}

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: Schema;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: { "application/json": { schema: Schema } } };
}

/** Ids that exist, ids that might, and texts that are none. */
const PATH_TEXTS = [
  "call-1",
  "call-2",
  "test_1",
  "+14155550100",
  "+99",
  "sec_test",
  "0".repeat(64),
  ".",
  "a b",
  "%00",
  "é",
];

/** Requests to all operations of the document. `known`: ids that exist, by the name of their parameter. */
export function requestsOf(
  document: OpenApiDocument,
  known: Record<string, string[]>,
): fc.Arbitrary<FuzzedRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      requestOf(
        { document, known },
        { method: method.toUpperCase(), path, operation: operation as Operation },
      ),
    ),
  );
  return fc.oneof(...operations);
}

function requestOf(
  context: Context,
  { method, path, operation }: { method: string; path: string; operation: Operation },
): fc.Arbitrary<FuzzedRequest> {
  const { parameters = [], requestBody } = operation;
  const inPath = parameters.filter((parameter) => parameter.in === "path");
  const inQuery = parameters.filter((parameter) => parameter.in === "query");
  const schema = requestBody?.content["application/json"].schema;
  return fc
    .record({
      as: fc.oneof(
        { weight: 12, arbitrary: fc.constant("org" as const) },
        { weight: 2, arbitrary: fc.constantFrom("reader" as const, "other" as const, "nobody" as const) },
        { weight: path.includes("/admin/") ? 24 : 1, arbitrary: fc.constant("admin" as const) },
      ),
      names: fc.tuple(...inPath.map(({ name }) => pathText(context.known[name] ?? []))),
      query: fc.tuple(...inQuery.map((parameter) => queryText(context, parameter))),
      extra: seldom(fc.tuple(fc.constantFrom("verbose", "limt", "__proto__", "a=b&c"), fc.string())),
      body: schema === undefined ? fc.constant(undefined) : bodyText(context, schema),
      key: seldom(fc.constantFrom("k1", "k2", "a".repeat(300))),
    })
    .map(({ as, names, query, extra, body, key }) => {
      const parts = inPath.map(
        ({ name }, index) => [`{${name}}`, encodeURIComponent(names[index] ?? "")] as const,
      );
      const pathname = parts.reduce((text, [from, to]) => text.replace(from, to), path);
      const given = inQuery.flatMap(({ name }, index) => {
        const text = query[index];
        return text == null ? [] : [[name, text] as [string, string]];
      });
      const search = new URLSearchParams([...given, ...(extra === null ? [] : [extra])]).toString();
      // Nothing is delivered meanwhile, so nobody waits for it.
      const headers = {
        "content-type": "application/json",
        prefer: "wait=0",
        ...(key !== null && { "idempotency-key": key }),
      };
      return { method, as, path: search === "" ? pathname : `${pathname}?${search}`, headers, body };
    });
}

/** Mostly nothing. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const pathText = (known: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    ...(known.length > 0 ? [{ weight: 4, arbitrary: fc.constantFrom(...known) }] : []),
    { weight: 2, arbitrary: fc.constantFrom(...PATH_TEXTS) },
    {
      weight: 1,
      arbitrary: fc.string({ minLength: 1, maxLength: 200 }).filter((text) => !/^\.{1,2}$/.test(text)),
    },
  );

function queryText(context: Context, { name, schema, required }: Parameter): fc.Arbitrary<string | null> {
  const valid = valuesOf(context, schema).map(String);
  const known = context.known[name] ?? [];
  const text = fc.oneof(
    { weight: 6, arbitrary: known.length > 0 ? fc.oneof(valid, fc.constantFrom(...known)) : valid },
    { weight: 1, arbitrary: fc.string({ maxLength: 300, unit: "binary" }) },
  );
  return required ? fc.option(text, { freq: 20 }) : seldom(text);
}

/** The JSON of a body: valid four times in five, else with something wrong. */
function bodyText(context: Context, schema: Schema): fc.Arbitrary<string | undefined> {
  const valid = valuesOf(context, schema);
  return fc.oneof(
    { weight: 12, arbitrary: valid.map((value) => JSON.stringify(value)) },
    {
      weight: 3,
      arbitrary: fc.tuple(valid, mutation).map(([value, mutate]) => JSON.stringify(mutate(value))),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(valid, fc.nat()).map(([value, at]) => {
        const text = JSON.stringify(value);
        return text.slice(0, at % (text.length + 1));
      }),
    },
    {
      weight: 1,
      arbitrary: fc.oneof(
        fc.json(),
        fc.string(),
        fc.constant(undefined),
        fc.constant(`${"[".repeat(3_000)}`),
      ),
    },
  );
}

type Mutate = (value: unknown) => unknown;

/** Changes one member somewhere. */
const mutation: fc.Arbitrary<Mutate> = fc
  .tuple(
    fc.nat(),
    fc.oneof(
      fc.constant("drop" as const),
      fc.constant("rename" as const),
      fc.jsonValue().map((value) => ({ value })),
      fc.constantFrom(
        { value: "x".repeat(5_000) },
        { value: 1e308 },
        { value: -1 },
        { value: "\u0000" },
        { value: "\ud800" },
      ),
      fc.constantFrom({ value: Array(3_000).fill("x") }, { value: { constructor: {} } }),
    ),
  )
  .map(([at, change]) => (value) => {
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const index = entries.length === 0 ? 0 : at % entries.length;
    const changed = entries.flatMap(([name, member], position): [string, unknown][] => {
      if (position !== index) return [[name, member]];
      if (change === "drop") return [];
      return change === "rename" ? [[`${name}s`, member]] : [[name, change.value]];
    });
    return Object.fromEntries(changed);
  });
