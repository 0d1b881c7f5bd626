/** Which logs a caller looks for, and an expression over a log `l` that judges what GET would answer for it. */
import type { LogEvent, LogStatus } from "../core/webhook-log.ts";
import { endpointOf } from "./endpoints.ts";
import { SHOWN_REASON, SHOWN_STATUS } from "./shown-state.ts";

/** Null: whatever it is. All that is given must hold. Times are milliseconds since the epoch. */
export interface LogFilter {
  events: readonly LogEvent[];
  is_test: boolean;
  status: readonly LogStatus[] | null;
  reason: readonly string[] | null;
  /** Whether it is parked. */
  waiting: boolean | null;
  /** Created from then on, */
  since: number | null;
  /** and before then. */
  until: number | null;
  /** Its endpoint: a URL without query. */
  url: string | null;
  to: string | null;
  from: string | null;
  /** Either `to` or `from`. */
  number: string | null;
  /** How its call id begins. */
  prefix: string | null;
}

/** The call ids that begin with this parameter. No character of a call id comes after `~`. */
export const BEGINS_WITH = (prefix: string): string =>
  `l.call_id >= ${prefix} AND l.call_id < ${prefix} || '~'`;

/** The range of time is not in it. What reads the endpoint comes last. Takes the parameters of `filterBindings`. */
export const MATCHES = `(instr(?2, '"' || l.event || '"') > 0 AND (l.is_test IS NOT NULL) = ?3
  AND (?4 IS NULL OR (l.parked IS NOT NULL) = ?4)
  AND (?5 IS NULL OR l.to_number = ?5) AND (?6 IS NULL OR l.from_number = ?6)
  AND (?7 IS NULL OR l.to_number = ?7 OR l.from_number = ?7)
  AND (?8 IS NULL OR (${BEGINS_WITH("?8")}))
  AND (?9 IS NULL OR ${endpointOf("l.url")} = ?9)
  AND (?10 IS NULL OR instr(?10, '"' || ${SHOWN_STATUS} || '"') > 0)
  AND (?11 IS NULL OR instr(?11, '"' || ${SHOWN_REASON} || '"') > 0))`;

/** Parameters 1 to 11. The first is the org. */
export const filterBindings = (user_id: string, filter: LogFilter): (string | number | null)[] => [
  user_id,
  JSON.stringify(filter.events),
  Number(filter.is_test),
  filter.waiting === null ? null : Number(filter.waiting),
  filter.to,
  filter.from,
  filter.number,
  filter.prefix,
  filter.url,
  filter.status && JSON.stringify(filter.status),
  filter.reason && JSON.stringify(filter.reason),
];

/** Whether it has to know the state of a parked log's endpoint: a row more that is read. */
export const readsEndpoints = ({ status, reason }: LogFilter): boolean => status !== null || reason !== null;
