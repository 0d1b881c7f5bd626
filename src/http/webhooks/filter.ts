/** Reads the filter of a list from its query. */
import type * as z from "zod";
import { sha256Hex } from "../../core/signature.ts";
import { LOG_EVENTS } from "../../core/webhook-log.ts";
import type { LogFilter } from "../../record/log-filter.ts";
import type { ApiError } from "../answer.ts";
import { readEndpointUrl } from "../target.ts";
import type { filterQuery } from "./schemas.ts";

type GivenFilter = { [Name in keyof typeof filterQuery]: z.output<(typeof filterQuery)[Name]> };

export function readFilter(
  given: GivenFilter,
): { ok: true; filter: LogFilter } | { ok: false; refusal: ApiError } {
  const { status, reason, waiting, event, since, until, url, to, from, q, is_test = false } = given;
  const endpoint = url === undefined ? null : readEndpointUrl(url);
  if (endpoint?.ok === false) return endpoint;
  if (since !== undefined && until !== undefined && since >= until)
    return { ok: false, refusal: emptyRange(since, until) };
  const isNumber = q?.startsWith("+") === true;
  const filter = {
    events: event ?? LOG_EVENTS,
    is_test,
    status: status ?? null,
    reason: reason ?? null,
    waiting: waiting ?? null,
    since: since ?? null,
    until: until ?? null,
    url: endpoint?.url ?? null,
    to: to ?? null,
    from: from ?? null,
    number: isNumber ? q : null,
    prefix: isNumber ? null : (q ?? null),
  };
  return { ok: true, filter };
}

export const emptyRange = (since: number, until: number): ApiError => ({
  error: "invalid_parameter",
  message: `since must be before until, and is ${new Date(since).toISOString()}; until is ${new Date(until).toISOString()}.`,
  field: "since",
});

/** Tells an org's filters apart. A cursor holds it. */
export const digestOf = (user_id: string, filter: LogFilter): string =>
  sha256Hex(JSON.stringify([user_id, filter])).slice(0, 16);
