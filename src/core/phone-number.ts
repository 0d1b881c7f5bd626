/** The one rule for phone numbers: E.164, possible and not necessarily assigned. Pure; guesses no country. */
import { POSSIBLE_LENGTHS } from "./calling-codes.ts";

/** No calling code is the start of another: at most one of the three lengths finds one. */
const CODE_LENGTHS = [1, 2, 3] as const;

/** Whether `text` is `+`, a calling code that exists and as many digits as numbers under it have. */
export function isPhoneNumber(text: string): boolean {
  const digits = /^\+([1-9][0-9]+)$/.exec(text)?.[1];
  if (digits === undefined) return false;
  return CODE_LENGTHS.some((length) =>
    POSSIBLE_LENGTHS[digits.slice(0, length)]?.includes(digits.length - length),
  );
}
