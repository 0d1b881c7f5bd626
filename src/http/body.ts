/** Reads a request's JSON body and checks it against a schema. Bytes in; the value or the refusal out. */
import type { Context } from "hono";
import type * as z from "zod";
import { DEPTH_LIMIT, isJsonObject, type Json, parseJson } from "../core/json.ts";
import { type ApiError, refuse } from "./answer.ts";
import { readFirst } from "./first-bytes.ts";
import type { HttpEnv } from "./services.ts";

/**
 * `value` is what the schema made of the body. `json` is the whole body; `json.exact` keeps the digits of its
 * numbers. `bytes` is how much was read, also of one that is refused.
 */
export type Body<T> = Read<T> & { bytes: number };
type Read<T> = { ok: true; value: T; json: Json } | { ok: false; refusal: Response };

/** An answer lists this many faults at most. */
const FAULT_LIMIT = 100;
/** Offending values are shown up to this length, in characters. */
const SHOWN_CHARACTERS = 80;

/** How many elements and members a body may have if its schema says nothing else: more than any such schema accepts. */
const PARTS_LIMIT = 2_000;
/** How many bytes a body may have if its route says nothing else: enough for a few URLs with every character escaped. */
const LIMIT_BYTES = 65_536;

/** What a route's body may be. */
export interface BodyRules<Schema extends z.ZodType> {
  schema: Schema;
  limitBytes?: number;
  /** Counted before parsing: while V8 parses, it hashes short strings, and chosen ones get the same hash. */
  limitParts?: number;
  optional?: boolean;
}

/** Reads a body of at most `limitBytes`. If the body is `optional`, an absent one reads as `{}`. */
export async function readBody<Schema extends z.ZodType>(
  c: Context<HttpEnv>,
  rules: BodyRules<Schema>,
): Promise<Body<z.output<Schema>>> {
  const { limitBytes = LIMIT_BYTES } = rules;
  const contentType = c.req.header("content-type");
  if (contentType !== undefined && !isJsonType(contentType)) {
    const message = `The body's content type must be application/json, and is ${shortened(JSON.stringify(contentType))}.`;
    return { ...refused({ error: "UNSUPPORTED_MEDIA_TYPE", message }), bytes: 0 };
  }
  const bytes = await readBytes(c.req.raw, limitBytes);
  if (typeof bytes === "string") return { ...refused(BYTE_FAULTS[bytes](limitBytes)), bytes: limitBytes };
  return { ...understand(bytes, rules), bytes: bytes.byteLength };
}

function understand<Schema extends z.ZodType>(
  bytes: ArrayBuffer | Uint8Array,
  { schema, limitParts = PARTS_LIMIT, optional = false }: BodyRules<Schema>,
): Read<z.output<Schema>> {
  const text = decode(bytes);
  if (text === null) return invalid("The body is not valid UTF-8.");
  if (hasMoreCommas(text, limitParts))
    return invalid(`The body has more than ${limitParts} elements and members, which is the limit here.`);
  const parsed = parseJson(optional && text === "" ? "{}" : text);
  if (parsed.ok) {
    if (isJsonObject(parsed.json.value)) return check(schema, parsed.json);
    return invalid(`The body must be a JSON object, and is ${show(parsed.json, [])}.`);
  }
  if (parsed.reason === "too_deep")
    return invalid(`The body is nested too deeply: the limit is ${DEPTH_LIMIT} levels.`);
  return invalid(
    text === "" ? "The body is empty; it must be JSON." : `The body is not valid JSON: ${parsed.detail}`,
  );
}

const refused = (error: ApiError) => ({ ok: false, refusal: refuse(error) }) as const;
const invalid = (message: string) => refused({ error: "invalid_parameter", message });

const isJsonType = (contentType: string): boolean =>
  /^application\/(json|[a-z0-9.!#$&^_-]+\+json)$/.test(
    (contentType.split(";")[0] ?? "").trim().toLowerCase(),
  );

export const CUT_OFF: ApiError = {
  error: "invalid_parameter",
  message: "The body ended before all of it had arrived.",
};

const BYTE_FAULTS: Record<"too_large" | "cut_off", (limitBytes: number) => ApiError> = {
  too_large: (limitBytes) => ({
    error: "PAYLOAD_TOO_LARGE",
    message: `The body is larger than ${limitBytes} bytes.`,
  }),
  cut_off: () => CUT_OFF,
};

/**
 * A body of known length is read in one go, which is several times as fast. A body of unknown length is read up to
 * the limit.
 */
async function readBytes(
  request: Request,
  limitBytes: number,
): Promise<ArrayBuffer | Uint8Array | "too_large" | "cut_off"> {
  const length = request.headers.get("content-length");
  if (Number(length) > limitBytes) return "too_large";
  if (length !== null) return request.arrayBuffer().catch(() => "cut_off" as const);
  const bytes = await readFirst(request.body, limitBytes + 1);
  if (bytes === null) return "cut_off";
  return bytes.length > limitBytes ? "too_large" : bytes;
}

/** Commas inside strings are counted too: bodies with such a limit need none there. */
function hasMoreCommas(text: string, limit: number): boolean {
  let found = 0;
  for (let at = text.indexOf(","); at !== -1; at = text.indexOf(",", at + 1))
    if (++found > limit) return true;
  return false;
}

function decode(bytes: ArrayBuffer | Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

function check<Schema extends z.ZodType>(schema: Schema, json: Json): Read<z.output<Schema>> {
  const parsed = schema.safeParse(json.value, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data, json };
  return {
    ok: false,
    refusal: refuse(parsed.error.issues.slice(0, FAULT_LIMIT).map((issue) => faultOf(issue, json))),
  };
}

/** A sentence that names the field and its value. */
function faultOf(issue: z.core.$ZodIssue, json: Json): ApiError {
  const isAtRoot = issue.path.length === 0;
  const name = isAtRoot ? "The body" : fieldName(issue.path);
  const unknown: unknown = issue.code === "custom" ? issue.params?.unknown : undefined;
  if (typeof unknown === "string") {
    const field = fieldName([...issue.path, unknown]).slice(0, SHOWN_CHARACTERS);
    return { error: "invalid_parameter", message: `${name} ${issue.message}.`, field };
  }
  const message = `${name} ${issue.message}, and ${describe(issue, json)}.`;
  return { error: "invalid_parameter", message, ...(!isAtRoot && { field: name }) };
}

/** Describes the refused value; if there are too many elements, their number. */
function describe(issue: z.core.$ZodIssue, json: Json): string {
  if (issue.input === undefined) return "is missing";
  if (issue.code === "too_big" && Array.isArray(issue.input)) return `has ${issue.input.length}`;
  if (SECRET_MEMBERS.includes(String(issue.path[0]))) return describeSecret(issue.input);
  return `is ${show(json, issue.path)}`;
}

/** Members whose values may be credentials. A refusal ends up in logs and on screens, so it does not repeat them. */
const SECRET_MEMBERS = ["headers", "key", "link"];

function describeSecret(value: unknown): string {
  if (typeof value === "string")
    return `is a text of ${value.length} ${value.length === 1 ? "character" : "characters"}`;
  if (Array.isArray(value)) return "is an array";
  if (typeof value !== "object" || value === null)
    return `is ${value === null ? "null" : `a ${typeof value}`}`;
  return `has ${shortened(JSON.stringify(Object.keys(value)))}`;
}

const fieldName = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");

/** The JSON text of the value at `path`, with the digits it came with. */
function show({ exact, write }: Json, path: readonly PropertyKey[]): string {
  const valueAt = (parent: unknown, part: PropertyKey) => (parent as Record<PropertyKey, unknown>)[part];
  return shortened(write(path.reduce(valueAt, exact)));
}

const shortened = (text: string): string =>
  text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
