/** The form of phone numbers: E.164, possible but not necessarily assigned. Pure; guesses no country. */
import { isPossiblePhoneNumber } from "libphonenumber-js/min";

/** The library accepts numbers as people write them. This accepts the machine form only: digits, 15 at most. */
const E164 = /^\+[1-9][0-9]{1,14}$/;

/** Whether `text` is `+`, an existing calling code, and as many digits as its numbers have. */
export const isPhoneNumber = (text: string): boolean => E164.test(text) && isPossiblePhoneNumber(text);
