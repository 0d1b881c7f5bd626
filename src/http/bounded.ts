/**
 * Schemas that check how much there is before they look at any of it. zod on its own reads every element of an array
 * that is too long, and makes an issue of each fault.
 */
import * as z from "zod";
import { isJsonObject } from "../core/json.ts";
import { describeUnknown } from "./unknown-names.ts";

/** An array of at most `max` elements. `rule` is for what is no array, `maxRule` for what is too long. */
export const boundedArray = <T extends z.ZodType>(
  element: T,
  {
    max,
    rule,
    maxRule = `must have at most ${max} elements`,
  }: { max: number; rule: string; maxRule?: string },
) => z.array(z.unknown(), rule).max(max, maxRule).pipe(z.array(element));

/** An object of any members, at most `max` of them; `meta` says so to whoever reads the schema. */
export const boundedRecord = <T extends z.ZodType>(
  member: T,
  { max, maxName, rule }: { max: number; maxName: number; rule: string },
) =>
  z
    .custom<Record<string, unknown>>((value) => isJsonObject(value) && Object.keys(value).length <= max, rule)
    .pipe(z.record(z.string().max(maxName, rule), member).meta({ maxProperties: max }));

/** An object of these members and no others. */
export const members = <T extends z.core.$ZodLooseShape>(shape: T, rule = "must be an object") =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `has members that are not known: ${describeUnknown(issue.keys, Object.keys(shape))}`
        : rule,
  });
