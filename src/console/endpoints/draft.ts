/** The form of an endpoint's settings: what it begins with, and what of it is sent. Pure. */
import type { Endpoint } from "../answers.ts";
import { counted } from "../format.ts";

type Settings = Endpoint["settings"];

/** A header of the form. `shown`: it is set already, and this is all that is told of its value. */
export interface HeaderRow {
  key: number;
  name: string;
  shown: string | null;
  /** What is typed. A set header without it keeps its value. */
  value: string;
}

export interface Draft {
  url: string;
  description: string;
  rate_per_second: string;
  timeout_seconds: string;
  retry_schedule: string;
  signature_header: string;
  headers: readonly HeaderRow[];
}

/** What somebody types for a schedule without a retry. An empty one is the deployment's. */
export const NO_RETRY = "none";

const scheduleText = (waits: readonly string[] | null): string =>
  waits === null ? "" : waits.length === 0 ? NO_RETRY : waits.join(", ");

export const draftOf = (endpoint: Pick<Endpoint, "url" | "settings"> | null): Draft => ({
  url: endpoint?.url ?? "",
  description: endpoint?.settings.description ?? "",
  rate_per_second: String(endpoint?.settings.rate_per_second ?? ""),
  timeout_seconds: String(endpoint?.settings.timeout_seconds ?? ""),
  retry_schedule: scheduleText(endpoint?.settings.retry_schedule ?? null),
  signature_header: endpoint?.settings.signature_header ?? "",
  headers: Object.entries(endpoint?.settings.headers ?? {}).map(([name, shown], key) => ({
    ...{ key, name, shown, value: "" },
  })),
});

/** A text that is no number is sent as it is: the server says what it wants. */
const numberOf = (text: string): number | string | null =>
  text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text);

const waitsOf = (text: string): string[] | null => {
  if (text === "") return null;
  return text.toLowerCase() === NO_RETRY
    ? []
    : text
        .split(",")
        .map((wait) => wait.trim())
        .filter((wait) => wait !== "");
};

/** What has to be sent so that the endpoint is as the form says: the changed members alone. */
export function changeOf(draft: Draft, before: Draft): Record<string, unknown> {
  const change: Record<string, unknown> = {};
  const read: Record<Exclude<keyof Draft, "url" | "headers">, (text: string) => unknown> = {
    description: (text) => text || null,
    rate_per_second: numberOf,
    timeout_seconds: numberOf,
    retry_schedule: waitsOf,
    signature_header: (text) => text || null,
  };
  for (const name of Object.keys(read) as (keyof typeof read)[]) {
    const text = draft[name].trim();
    if (text !== before[name]) change[name] = read[name](text);
  }
  const headers = headersOf(draft.headers, before.headers);
  return Object.keys(headers).length === 0 ? change : { ...change, headers };
}

function headersOf(rows: readonly HeaderRow[], before: readonly HeaderRow[]): Record<string, string | null> {
  const kept = new Set(rows.filter(({ shown }) => shown !== null).map(({ name }) => name));
  const removed = before.filter(({ name }) => !kept.has(name)).map(({ name }) => [name, null] as const);
  const typed = rows
    .filter(({ name, shown, value }) => (shown === null ? name.trim() !== "" || value !== "" : value !== ""))
    .map(({ name, value }) => [name.trim().toLowerCase(), value] as const);
  return Object.fromEntries([...removed, ...typed]);
}

/** What an endpoint has for itself, in a few words. Empty: all is the deployment's. */
export function settingsWords({
  rate_per_second,
  timeout_seconds,
  retry_schedule,
  signature_header,
  headers,
}: Settings): string[] {
  const named = Object.keys(headers ?? {});
  return [
    ...(rate_per_second === null ? [] : [`${rate_per_second} a second`]),
    ...(timeout_seconds === null ? [] : [`timeout ${timeout_seconds} s`]),
    ...(retry_schedule === null
      ? []
      : [retry_schedule.length === 0 ? "no retry" : counted(retry_schedule.length, "retry", "retries")]),
    ...(signature_header === null ? [] : [`signs as ${signature_header}`]),
    ...(named.length === 0 ? [] : [named.length <= 2 ? named.join(", ") : counted(named.length, "header")]),
  ];
}
