/** Reads the query parameters of a request by a route's schemas. An unknown or repeated one is refused by its name. */
import type * as z from "zod";
import { type ApiError, refuse } from "./answer.ts";
import type { Given, QueryShape } from "./route.ts";
import { describeUnknown } from "./unknown-names.ts";

type Query<Shape extends QueryShape> =
  | { ok: true; value: Given<Shape>["query"] }
  | { ok: false; refusal: Response };

/** `search` is what follows the question mark of the URL. */
export function readQuery<Shape extends QueryShape>(search: URLSearchParams, shape: Shape): Query<Shape> {
  const names = [...search.keys()];
  const known = Object.keys(shape);
  // An unknown parameter would be a filter without effect.
  const unknown = names.filter((name) => !known.includes(name));
  const [field] = unknown;
  if (field !== undefined) {
    const message = `The query has parameters that are not known: ${describeUnknown(unknown, known)}.`;
    return { ok: false, refusal: refuse(invalid(field.slice(0, 80), message)) };
  }
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    return { ok: false, refusal: refuse(invalid(repeated, `The query has ${repeated} more than once.`)) };
  const value: Record<string, unknown> = {};
  const faults: ApiError[] = [];
  for (const [name, schema] of Object.entries(shape)) {
    const given = search.get(name) ?? undefined;
    const parsed = schema.safeParse(given);
    if (parsed.success) value[name] = parsed.data;
    else faults.push(faultOf(name, given, parsed.error));
  }
  if (faults.length > 0) return { ok: false, refusal: refuse(faults) };
  return { ok: true, value: value as Given<Shape>["query"] };
}

/** What was given is shown up to this length, in characters. */
const SHOWN_CHARACTERS = 80;

function faultOf(name: string, given: string | undefined, error: z.ZodError): ApiError {
  const what = given === undefined ? "is missing" : `is ${JSON.stringify(given.slice(0, SHOWN_CHARACTERS))}`;
  return invalid(name, `${name} ${error.issues[0]?.message}, and ${what}.`);
}

const invalid = (field: string, message: string): ApiError => ({
  error: "invalid_parameter",
  message,
  field,
});
