/** What a program's requests are told apart by: those that asked the API, and those that a receiver got. Pure. */
import type { LOG_EVENTS } from "../../../src/core/webhook-log.ts";
import type { Received } from "../../support/receiver-server.ts";
import type { Asked } from "./world.ts";

export type CitedEvent = (typeof LOG_EVENTS)[number];

export const isAccepted = ({ status }: Asked) => status !== null && status < 300;
/** A request that may have taken effect: it was accepted, or nobody knows. */
export const mayHaveActed = ({ status }: Asked) => status === null || status < 300 || status >= 500;

export const deliveryOf = ({ headers }: Received) => headers["x-postcall-delivery"] ?? "";
/** An attempt of either log: as its entry, or who asks for it, has it; and as its request does. */
export const keyOfEntry = ({ delivery_id, attempt }: { delivery_id: string; attempt: number }) =>
  `${delivery_id}/${attempt}`;
export const keyOf = (request: Received) => `${deliveryOf(request)}/${request.headers["x-postcall-attempt"]}`;
export const objectOf = ({ query }: Received) => new URLSearchParams(query).get("object") ?? "";
export const byObject = ({ received }: { received: readonly Received[] }) => [
  ...Map.groupBy(received, objectOf),
];

export const callIdOf = ({ body }: Received): string => JSON.parse(body).call_id;
export const eventOf = ({ body }: Received): CitedEvent => JSON.parse(body).event_type ?? "call";

/** The content of the citations in a payload; undefined where it has no such member, null where there are none. */
export const citedIn = (payload: string): number | null | undefined => {
  const { citations } = JSON.parse(payload);
  return citations === undefined ? undefined : (citations[0] ?? null);
};

/** Which of the reports, or of the citations, a request carries. */
export const variantOf = (request: Received): number | null =>
  eventOf(request) === "call" ? JSON.parse(request.body).variant : (citedIn(request.body) ?? null);

export const repeated = <T>(values: readonly T[]) =>
  values.filter((value, index) => values.indexOf(value) < index);
