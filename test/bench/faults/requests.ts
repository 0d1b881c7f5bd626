/** Compares a program's requests: those to the API and those that a receiver got. Pure. */
import type { LOG_EVENTS } from "../../../src/core/webhook-log.ts";
import type { Received } from "../../support/receiver-server.ts";
import type { Asked } from "./asking.ts";
import type { LogHistory } from "./history.ts";

export type CitedEvent = (typeof LOG_EVENTS)[number];

export const isAccepted = ({ status }: Asked) => status !== null && status < 300;
/** A request that may have taken effect: it was accepted, or nobody knows. */
export const mayHaveActed = ({ status }: Asked) => status === null || status < 300 || status >= 500;

export const deliveryOf = ({ headers }: Received) => headers["x-postcall-delivery"] ?? "";
/** The identity of an attempt of either log: from its entry or attempt request, and from its request to the receiver. */
export const keyOfEntry = ({ delivery_id, attempt }: { delivery_id: string; attempt: number }) =>
  `${delivery_id}/${attempt}`;
export const keyOf = (request: Received) => `${deliveryOf(request)}/${request.headers["x-postcall-attempt"]}`;
export const objectOf = ({ query }: Received) => new URLSearchParams(query).get("object") ?? "";
export const byObject = ({ received }: { received: readonly Received[] }) => [
  ...Map.groupBy(received, objectOf),
];

/** False of a request without a body: it carries nothing of any call. */
export const isWhole = ({ body }: Received): boolean => body !== "";

export const callIdOf = ({ body }: Received): string => JSON.parse(body).call_id;
export const eventOf = ({ body }: Received): CitedEvent => JSON.parse(body).event_type ?? "call";

/** The citations in a payload; undefined if there is no such member, null if it is empty. */
export const citedIn = (payload: string): number | null | undefined => {
  const { citations } = JSON.parse(payload);
  return citations === undefined ? undefined : (citations[0] ?? null);
};

/** What a log sends, also when it has lost it since. Null: nobody can tell; undefined: there is no log. */
export const contentOf = ({
  log,
  received,
}: Pick<LogHistory, "log" | "received">): string | null | undefined =>
  log === undefined ? undefined : (log.payload ?? received[0]?.body ?? null);

/** Which of the reports, or of the citations, a request carries. */
export const variantOf = (request: Received): number | null =>
  eventOf(request) === "call" ? JSON.parse(request.body).variant : (citedIn(request.body) ?? null);

/** A key is kept for a day, by clocks that are off by minutes. */
const SAME_KEY_MS = 23 * 3_600_000;

/** Whether two requests have the same idempotency key and no more than its time between them. */
export const haveSameKey = (one: Asked, other: Asked): boolean =>
  one.key !== null &&
  one.key === other.key &&
  one.kind === other.kind &&
  Math.abs(one.sentAt - other.sentAt) < SAME_KEY_MS;

/** The requests, of which those with the same idempotency key count as one. */
export const oncePerKey = (asked: readonly Asked[]): readonly Asked[] =>
  asked.filter((one, index) => !asked.slice(0, index).some((other) => haveSameKey(one, other)));

export const repeated = <T>(values: readonly T[]) =>
  values.filter((value, index) => values.indexOf(value) < index);
