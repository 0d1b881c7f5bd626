/** What the operator's requests may hold. Messages complete the sentence "FIELD …, and is VALUE." */
import * as z from "zod";
import { readInstant } from "../../core/instant.ts";
import { SCOPES } from "../../record/keys.ts";
import { boundedArray, members } from "../bounded.ts";
import { nameSchema, refuseRepeats } from "../schemas.ts";

const REPORTS_RULE = "must be a whole number of reports a minute from 1 to 1000000, or null";
const STORED_RULE = "must be a number of gigabytes from 0.001 to 1000, or null";

const limits = members({
  reports_per_minute: z
    .int(REPORTS_RULE)
    .min(1, REPORTS_RULE)
    .max(1_000_000, REPORTS_RULE)
    .nullable()
    .optional(),
  stored_gb: z.number(STORED_RULE).min(0.001, STORED_RULE).max(1_000, STORED_RULE).nullable().optional(),
});

export const newOrgSchema = members({ name: nameSchema, limits: limits.default({}) });

export const changedOrgSchema = members({
  name: nameSchema.optional(),
  limits: limits.optional(),
  suspended: z.boolean("must be true or false").optional(),
});

const TIME_RULE = "must be a time with its zone such as 2030-01-31T00:00:00Z, or null";

const SCOPES_RULE = `must be an array of scopes, each one of ${SCOPES.join(", ")}`;

export const newKeySchema = members({
  name: nameSchema,
  scopes: boundedArray(z.enum(SCOPES, `must be one of ${SCOPES.join(", ")}`), {
    max: SCOPES.length,
    rule: SCOPES_RULE,
    maxRule: SCOPES_RULE,
  })
    .refine((scopes) => scopes.length > 0, "must name at least one scope")
    .superRefine(refuseRepeats("a scope")),
  expires_at: z
    .string(TIME_RULE)
    .max(40, TIME_RULE)
    .refine((text) => readInstant(text) !== null, TIME_RULE)
    .nullable()
    .default(null),
});
