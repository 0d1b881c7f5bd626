/**
 * Schemas that check the size of a value before they look at its parts. zod alone reads every element of an array
 * that is too long, and reports a fault for each.
 */
import * as z from "zod";
import { isJsonObject } from "../core/json.ts";
import { describeUnknown } from "./unknown-names.ts";

/**
 * An array of at most `max` elements. `rule` is the message if it is no array, `maxRule` if it is too long. `meta` tells
 * readers of the schema about the maximum.
 */
export const boundedArray = <T extends z.ZodType>(
  element: T,
  {
    max,
    rule,
    maxRule = `must have at most ${max} elements`,
  }: { max: number; rule: string; maxRule?: string },
) =>
  z
    .array(z.unknown(), rule)
    .max(max, maxRule)
    .pipe(z.array(element).meta({ maxItems: max }));

/** An object with any names, at most `max` of them. `meta` tells readers of the schema about the maximum. */
export const boundedRecord = <T extends z.ZodType>(
  member: T,
  { max, maxName, rule }: { max: number; maxName: number; rule: string },
) =>
  z
    .custom<Record<string, unknown>>((value) => isJsonObject(value) && Object.keys(value).length <= max, rule)
    .pipe(z.record(z.string().max(maxName, rule), member).meta({ maxProperties: max }));

/**
 * An object with these members and no others. Unknown names are found here by comparing: zod looks them up in a
 * `Set`, and V8 gives chosen integer-like names the same hash.
 */
export function members<T extends z.core.$ZodLooseShape>(shape: T, rule = "must be an object") {
  const known = Object.keys(shape);
  return z
    .custom<Record<string, unknown>>(isJsonObject, rule)
    .superRefine((value, context) => {
      if (!isJsonObject(value)) return;
      const unknown = Object.keys(value).filter((name) => !known.includes(name));
      if (unknown.length === 0) return;
      const message = `has members that are not known: ${describeUnknown(unknown, known)}`;
      context.addIssue({ code: "custom", message, input: value, params: { unknown: unknown[0] } });
    })
    .pipe(z.object(shape));
}
