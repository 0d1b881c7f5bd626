/** The envelope of every answer: `{data, errors}`. The only place that gives a refusal its status. */

const STATUS = {
  invalid_parameter: 400,
  AUTH_FAILURE: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  BLOCKED_URL: 422,
  RATE_LIMITED: 429,
  QUOTA_EXCEEDED: 429,
  INTERNAL_SERVER_ERROR: 500,
  UNAVAILABLE: 503,
} as const;

/** One entry of `errors`. The optional members belong to some codes only. */
export interface ApiError {
  error: keyof typeof STATUS;
  message: string;
  /** The one field that the error is about, such as `payload.call_id`. */
  field?: string;
  call_id?: string;
  reason?: string;
  request_id?: string;
}

/** Answers may hold secrets and transcripts: nobody keeps them, and no browser takes them for anything else. */
const JSON_HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

export const ok = (data: unknown, status = 200): Response => okText(JSON.stringify(data), { status });

/** Success whose data is JSON text already. */
export const okText = (
  data: string,
  { status, headers }: { status: number; headers?: Record<string, string> },
) => new Response(`{"data":${data},"errors":null}`, { status, headers: { ...JSON_HEADERS, ...headers } });

/** Success whose data is one page of a list, each of its elements JSON text already. */
export const okPage = (elements: readonly string[], nextCursor: string | null): Response =>
  new Response(`{"data":[${elements.join(",")}],"next_cursor":${JSON.stringify(nextCursor)},"errors":null}`, {
    headers: JSON_HEADERS,
  });

/**
 * Success whose data is a page of a list, read with one element more than the page's `limit` to see whether it goes on.
 * The cursor is the page's last element's.
 */
export function okList<T>(
  read: readonly T[],
  { limit, cursorOf }: { limit: number; cursorOf: (element: T) => string },
): Response {
  const page = read.slice(0, limit);
  const last = page.at(-1);
  return okPage(
    page.map((element) => JSON.stringify(element)),
    read.length > limit && last !== undefined ? cursorOf(last) : null,
  );
}

/** Success whose data is an array that arrives in parts, each the JSON text of its elements. */
export function okStream(
  parts: AsyncIterable<string>,
  { status, headers }: { status: number; headers?: Record<string, string> },
): Response {
  async function* envelope() {
    yield '{"data":[';
    yield* parts;
    yield '],"errors":null}';
  }
  const texts = envelope();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
  return new Response(body, { status, headers: { ...JSON_HEADERS, ...headers } });
}

/** A refusal. Its status is the first error's. */
export function refuse(
  errors: ApiError | readonly ApiError[],
  headers: Record<string, string> = {},
): Response {
  const list = [errors].flat();
  const status = STATUS[list[0]?.error ?? "INTERNAL_SERVER_ERROR"];
  return new Response(JSON.stringify({ data: null, errors: list }), {
    status,
    headers: { ...JSON_HEADERS, ...headers },
  });
}

/** After this many seconds a client may ask unavailable storage again. */
const RETRY_AFTER_SECONDS = "5";

/** A refusal because the record can't be reached or used. */
export const unavailable = (message: string, members: Pick<ApiError, "request_id"> = {}): Response =>
  refuse({ error: "UNAVAILABLE", message, ...members }, { "retry-after": RETRY_AFTER_SECONDS });

/** A cursor that no answer of this list has given. */
export const refuseCursor = (cursor = ""): Response =>
  refuse({
    error: "invalid_parameter",
    message: `cursor must be a next_cursor of this list, and is ${JSON.stringify(cursor.slice(0, 80))}.`,
    field: "cursor",
  });

export const notFound = (message: string): Response => refuse({ error: "NOT_FOUND", message });
