/** What an attempt's outcome is called, what it means and what to do about it. Pure. */
import type { Attempt, AttemptWithDetails } from "../answers.ts";
import { msOf } from "../log-state.ts";

const PHRASES: Record<number, string> = {
  ...{ 200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content" },
  ...{ 205: "Reset Content", 206: "Partial Content", 207: "Multi-Status", 208: "Already Reported" },
  ...{
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
  },
  ...{ 307: "Temporary Redirect", 308: "Permanent Redirect" },
  ...{ 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found" },
  ...{
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
  },
  ...{ 411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long" },
  ...{ 415: "Unsupported Media Type", 418: "I'm a teapot", 421: "Misdirected Request" },
  ...{ 422: "Unprocessable Content", 423: "Locked", 425: "Too Early", 426: "Upgrade Required" },
  ...{ 428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large" },
  ...{ 451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 501: "Not Implemented" },
  ...{
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
  },
  ...{ 507: "Insufficient Storage", 508: "Loop Detected", 511: "Network Authentication Required" },
};

/** "503 Service Unavailable"; a status that nobody has named is its number. */
export const statusLine = (code: number): string => `${code} ${PHRASES[code] ?? ""}`.trim();

type Outcome = Pick<Attempt, "response_code" | "error" | "response_time">;

const WITHOUT_ANSWER: Record<string, string> = {
  dns: "its host has no address",
  connect: "it did not take the connection",
  tls: "no secure connection came about",
  protocol: "it answered something that is not HTTP",
  blocked_url: "its address may not be called",
  resolver: "our look-up of its address failed",
  interrupted: "the request was under way, and we lost the outcome",
};

/** The status line, or the error in words: "timeout: it did not answer within 15 s". */
export function outcomeWords(attempt: Outcome): string {
  const { response_code, error } = attempt;
  if (response_code !== null) return `${statusLine(response_code)}${BROKEN[error ?? ""] ?? ""}`;
  const code = (error ?? "no answer").replaceAll("_", " ");
  if (error === "timeout")
    return `${code}: it did not answer within ${Math.max(1, Math.round(msOf(attempt) / 1_000))} s`;
  const words = WITHOUT_ANSWER[error ?? ""];
  return words === undefined ? code : `${code}: ${words}`;
}

/** Of an answer whose body came to no end. */
const BROKEN: Record<string, string> = {
  timeout: ", but its body did not end in time",
  protocol: ", but its body broke off",
};

const BY_ERROR: Record<string, string> = {
  timeout:
    "The receiver took too long. Let it answer 2xx first and do the work afterwards, or give its endpoint a longer timeout.",
  dns: "The receiver's address has no DNS entry: check the host in the webhook's URL.",
  connect:
    "Nothing takes connections there: check that the receiver runs, and the port in the webhook's URL.",
  tls: "The receiver's certificate is missing, expired or for another host: renew it, or check the host in the URL.",
  protocol: "What came back was no whole HTTP answer: check what listens there, and any proxy in between.",
  redirect: "Redirects are never followed: set the webhook's URL to where this one leads.",
  blocked_url: "Private and internal addresses are never called: give the receiver a public one.",
  resolver: "This was our fault, and does not count against the endpoint. It is tried again.",
  interrupted: "The receiver may have it already, so it should drop repeats by webhook-id.",
};

const BY_STATUS: Record<number, string> = {
  400: "The receiver does not understand the payload: its answer below may say why.",
  401: "The receiver did not accept the signature or the credentials: compare its signing secret, and the headers of the endpoint.",
  403: "The receiver refuses us: check its firewall, its allow list and the credentials in the endpoint's headers.",
  404: "The receiver knows no such path: check the path in the webhook's URL.",
  405: "The receiver takes no POST there: check the path in the webhook's URL.",
  408: "The receiver waited too long for the request: try it again, and look at any proxy in between.",
  410: "410 means that it is gone for good, so the endpoint is disabled: enable it if that is wrong, or send to another URL.",
  413: "The payload is larger than the receiver takes: raise its limit, 1 MiB is the most that we send.",
  415: "The receiver does not take application/json there: check the path, or what it accepts.",
  422: "The receiver understood the payload and refused it: its answer below may say why.",
  429: "The receiver asks for a slower pace: give its endpoint a rate, so that calls wait their turn.",
  501: "The receiver does not support this: check the path in the webhook's URL.",
  502: "A proxy in front of the receiver got no answer from it: check that it runs.",
  503: "The receiver is overloaded or in maintenance: it is tried again, no sooner than a retry-after asks.",
  504: "A proxy in front of the receiver waited too long: let it answer first and do the work afterwards.",
};

/** One sentence on what to do about a failure; null for a success. */
export function adviceOf({ response_code, error }: Pick<Attempt, "response_code" | "error">): string | null {
  if (error === null) return null;
  if (error !== "http_status") return BY_ERROR[error] ?? null;
  const code = response_code ?? 0;
  const known = BY_STATUS[code];
  if (known !== undefined) return known;
  return code >= 500
    ? "The receiver has a fault of its own: look into its logs at this time."
    : "The receiver refused the request: its answer may say why.";
}

/** Why there are no details of what was sent or answered; null if there are. */
export function whyNoDetails(
  { details_dropped }: Pick<AttemptWithDetails, "details_dropped">,
  { isErased }: { isErased: boolean },
): string | null {
  if (!details_dropped) return null;
  return isErased
    ? "What was sent and answered was erased with the payload."
    : "What was sent and answered is no longer kept: a log keeps 256 KB of it, and the oldest goes first.";
}
