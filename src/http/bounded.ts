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

/**
 * An object of these members and no others. Unknown names are looked for here, one by one: zod keeps names in a `Set`,
 * and V8 hashes integer-like ones so that chosen ones collide.
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
