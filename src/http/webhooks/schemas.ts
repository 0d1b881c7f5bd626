/** What the queries of `/v1/postcall/webhooks` and of the statistics hold. Messages complete "NAME …, and is VALUE." */
import * as z from "zod";
import { readInstant } from "../../core/instant.ts";
import { isParty } from "../../core/phone-number.ts";
import { INTERVAL_NAMES } from "../../core/stats.ts";
import { URL_LIMIT_CHARACTERS } from "../../core/target.ts";
import { LOG_EVENTS, LOG_REASONS, LOG_STATUSES } from "../../core/webhook-log.ts";
import { pageQuery, webhookQuery } from "../schemas.ts";

export const attemptsQuery = { ...webhookQuery, ...pageQuery };

/** A list answers this many named calls at most. */
const NAMED_CALLS_LIMIT = 200;

/** Several texts of a kind (a regular expression), separated by commas. Repeated ones count once. */
function several<T extends string>(kind: string, { rule, max }: { rule: string; max: number }) {
  const form = new RegExp(`^(${kind})(,(${kind})){0,${max - 1}}$`);
  return z
    .string()
    .max(max * 129, rule)
    .regex(form, rule)
    .transform((text) => [...new Set(text.split(","))].sort() as T[]);
}

const severalOf = <T extends string>(names: readonly T[]) =>
  several<T>(names.join("|"), {
    rule: `must be one of ${names.join(", ")}, or several of them separated by commas`,
    max: 2 * names.length,
  });

const yesOrNo = z.enum(["true", "false"], "must be true or false").transform((text) => text === "true");

const INSTANT_RULE = "must be a time with its zone, such as 2026-11-26T09:30:00Z";

const instant = z
  .string()
  .max(40, INSTANT_RULE)
  .refine((text) => readInstant(text) !== null, INSTANT_RULE)
  .transform((text) => readInstant(text) ?? 0);

/** An unescaped `+` of a query arrives as a space. */
const withPlus = (text: string): string => text.replace(/^ /, "+");

const PARTY_RULE = "must be a number as the call's payload has it, such as +14155550100";

/** One end of a call. `meant` is the parameter for a time. */
const party = (meant: string) =>
  z
    .string()
    .min(1, PARTY_RULE)
    .max(128, PARTY_RULE)
    .refine(isParty, PARTY_RULE)
    .refine((text) => !/^\d{4}-\d\d/.test(text), `${PARTY_RULE} (did you mean "${meant}"?)`)
    .transform(withPlus);

const Q_RULE = "must be + and a number, which is the call's to or from, or the start of a call id";

/** What a list can be narrowed down by. Statistics take it too. */
export const filterQuery = {
  status: severalOf(LOG_STATUSES).optional(),
  reason: severalOf(LOG_REASONS).optional(),
  waiting: yesOrNo.optional(),
  event: severalOf(LOG_EVENTS).optional(),
  since: instant.optional(),
  until: instant.optional(),
  url: z.string().max(URL_LIMIT_CHARACTERS, `must be at most ${URL_LIMIT_CHARACTERS} characters`).optional(),
  to: party("until").optional(),
  from: party("since").optional(),
  q: z
    .string()
    .max(128, Q_RULE)
    .regex(/^([+ ].+|[A-Za-z0-9._:-]+)$/, Q_RULE)
    .refine(isParty, Q_RULE)
    .transform(withPlus)
    .optional(),
  is_test: yesOrNo.optional(),
};

export const statsQuery = {
  ...filterQuery,
  interval: z.enum(INTERVAL_NAMES, `must be one of ${INTERVAL_NAMES.join(", ")}`).optional(),
};

const CALL_IDS_RULE = `must be 1 to ${NAMED_CALLS_LIMIT} call ids separated by commas`;

export const listQuery = {
  ...filterQuery,
  call_ids: several("[A-Za-z0-9._:-]{1,128}", { rule: CALL_IDS_RULE, max: NAMED_CALLS_LIMIT }).optional(),
  ...pageQuery,
};
