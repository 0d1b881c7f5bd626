/** What sending calls again will do, told beforehand; and why a call was not sent, told afterwards. Pure. */
import type { AnyLog } from "../answers.ts";
import { count, counted, endpointName, endpointOf } from "../format.ts";

/** As the server names them, where it refuses a call. */
const REASONS = {
  held: ["is held", "are held", "It is held for its citations, and is sent with them."],
  no_webhook: ["has no webhook", "have no webhook", "It has no webhook. Open it, and send it to a URL."],
  payload_erased: ["has no payload any more", "have no payload any more", "Its payload was erased."],
  endpoint_disabled: [
    "goes to a disabled endpoint",
    "go to disabled endpoints",
    "Its endpoint is disabled. Enable it first, on Endpoints.",
  ],
  not_found: ["is gone", "are gone", "There is no such call any more."],
} as const;
type Reason = keyof typeof REASONS;

type Planned = Pick<AnyLog, "call_id" | "event" | "url" | "status" | "payload_erased_at">;

export interface Plan<Log extends Planned = Planned> {
  sendable: Log[];
  refused: { log: Log; reason: Reason }[];
}

/** Why the server will refuse it, as far as that can be known here. */
function refusalOf(log: Planned, disabled: ReadonlySet<string>): Reason | null {
  if (log.url === null) return "no_webhook";
  if (log.status === "held") return "held";
  if (log.payload_erased_at !== undefined) return "payload_erased";
  return disabled.has(endpointOf(log.url)) ? "endpoint_disabled" : null;
}

/** `disabled`: URLs of the endpoints that are. */
export function planOf<Log extends Planned>(logs: readonly Log[], disabled: ReadonlySet<string>): Plan<Log> {
  const judged = logs.map((log) => ({ log, reason: refusalOf(log, disabled) }));
  return {
    sendable: judged.filter(({ reason }) => reason === null).map(({ log }) => log),
    refused: judged.flatMap(({ log, reason }) => (reason === null ? [] : [{ log, reason }])),
  };
}

/** "one is held, 2 have no webhook". */
function refusedWords({ refused }: Plan): string {
  return [...Map.groupBy(refused, ({ reason }) => reason)]
    .map(([reason, { length }]) =>
      length === 1 ? `one ${REASONS[reason][0]}` : `${count(length)} ${REASONS[reason][1]}`,
    )
    .join(", ");
}

/** "2 of 4 can be sent again: one is held, one has no webhook". Empty if all can. */
export function planWords(plan: Plan): string {
  const { sendable, refused } = plan;
  const [only] = refused;
  if (only === undefined) return "";
  const total = sendable.length + refused.length;
  if (total === 1) return `It can't be sent again: it ${REASONS[only.reason][0]}`;
  return `${sendable.length === 0 ? "None" : count(sendable.length)} of ${count(total)} can be sent again: ${refusedWords(plan)}`;
}

/** Where they go, those with the most first: "crm.example/hook 300, …". */
export function targetWords(logs: readonly Planned[]): string {
  const groups = [...Map.groupBy(logs, ({ url }) => (url === null ? "" : endpointName(url)))].sort(
    ([, one], [, other]) => other.length - one.length,
  );
  const named = groups.slice(0, 3).map(([name, { length }]) => `${name} (${count(length)})`);
  const rest = groups.length - named.length;
  return `${named.join(", ")}${rest > 0 ? ` and ${counted(rest, "more endpoint")}` : ""}`;
}

/** Why one call was not sent: by the server's reason if it is a known one, else in the server's words. */
export const reasonWords = (reason: string | undefined, message: string): string =>
  reason !== undefined && Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason][2] : message;
