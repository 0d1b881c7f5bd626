/** Compares a program's requests: those to the API and those that a receiver got. Pure. */
import type { LOG_EVENTS } from "../../../src/core/webhook-log.ts";
import type { Received } from "../../support/receiver-server.ts";
import type { Asked } from "./world.ts";

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

export const callIdOf = ({ body }: Received): string => JSON.parse(body).call_id;
export const eventOf = ({ body }: Received): CitedEvent => JSON.parse(body).event_type ?? "call";

/** The citations in a payload; undefined if there is no such member, null if it is empty. */
export const citedIn = (payload: string): number | null | undefined => {
  const { citations } = JSON.parse(payload);
  return citations === undefined ? undefined : (citations[0] ?? null);
};

/** Which of the reports, or of the citations, a request carries. */
export const variantOf = (request: Received): number | null =>
  eventOf(request) === "call" ? JSON.parse(request.body).variant : (citedIn(request.body) ?? null);

export const repeated = <T>(values: readonly T[]) =>
  values.filter((value, index) => values.indexOf(value) < index);
