/** Reads a request's JSON body against a schema. Bytes in; the value or the refusal out. */
import type { Context } from "hono";
import type * as z from "zod";
import { DEPTH_LIMIT, isJsonObject, parseKeepingDigits } from "../core/json.ts";
import { type ApiError, refuse } from "./answer.ts";
import type { HttpEnv } from "./services.ts";

export type Body<T> = { ok: true; value: T } | { ok: false; refusal: Response };

/** An answer lists this many faults of a body at most. */
const FAULT_LIMIT = 100;
/** A fault names this many unknown members at most. */
const KEY_LIMIT = 10;
/** Offending values are shown up to here, in characters. */
const SHOWN_CHARACTERS = 80;

/**
 * Reads the body, of `limitBytes` at most. Numbers keep their digits, see `core/json.ts`. Where the body is `optional`,
 * none is read as `{}`.
 */
export async function readBody<T>(
  c: Context<HttpEnv>,
  { schema, limitBytes, optional = false }: { schema: z.ZodType<T>; limitBytes: number; optional?: boolean },
): Promise<Body<T>> {
  const contentType = c.req.header("content-type");
  if (contentType !== undefined && !isJsonType(contentType)) {
    const message = `The body's content type must be application/json, and is ${show(contentType)}.`;
    return refused({ error: "UNSUPPORTED_MEDIA_TYPE", message });
  }
  const bytes = await readBytes(c.req.raw, limitBytes);
  if (typeof bytes === "string") return refused(BYTE_FAULTS[bytes](limitBytes));
  const text = decode(bytes);
  if (text === null) return invalid("The body is not valid UTF-8.");
  const json = parseKeepingDigits(optional && text === "" ? "{}" : text);
  if (json.ok) {
    if (isJsonObject(json.value)) return check(schema, json.value);
    return invalid(`The body must be a JSON object, and is ${show(json.value)}.`);
  }
  if (json.reason === "too_deep")
    return invalid(`The body is nested too deeply: at most ${DEPTH_LIMIT} levels are read.`);
  return invalid(
    text === "" ? "The body is empty; it must be JSON." : `The body is not valid JSON: ${json.detail}`,
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

/** A body of known length is read at once, which is several times as fast; one of unknown length as far as the limit. */
async function readBytes(
  request: Request,
  limitBytes: number,
): Promise<Uint8Array | "too_large" | "cut_off"> {
  const length = request.headers.get("content-length");
  if (Number(length) > limitBytes) return "too_large";
  try {
    return length === null
      ? await readChunks(request, limitBytes)
      : new Uint8Array(await request.arrayBuffer());
  } catch {
    return "cut_off";
  }
}

async function readChunks(request: Request, limitBytes: number): Promise<Uint8Array | "too_large"> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limitBytes) return "too_large";
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown): Body<T> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, refusal: refuse(parsed.error.issues.slice(0, FAULT_LIMIT).map(faultOf)) };
}

/** A sentence that names the field and the value it had. */
function faultOf(issue: z.core.$ZodIssue): ApiError {
  const field = issue.path.length === 0 ? "The body" : fieldName(issue.path);
  const value = issue.input === undefined ? "is missing" : `is ${show(issue.input)}`;
  const message =
    issue.code === "unrecognized_keys"
      ? `${field} has members that are not known: ${issue.keys.slice(0, KEY_LIMIT).map(show).join(", ")}.`
      : `${field} ${issue.message}, and ${value}.`;
  return { error: "invalid_parameter", message };
}

const fieldName = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}
