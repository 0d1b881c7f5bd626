/** The one rule for phone numbers: E.164, possible and not necessarily assigned. Pure; guesses no country. */
import { isPossiblePhoneNumber } from "libphonenumber-js/min";

/** The library reads numbers as people write them; this is how a machine does: nothing but digits, 15 at most. */
const E164 = /^\+[1-9][0-9]{1,14}$/;

/** Whether `text` is `+`, a calling code that exists and as many digits as numbers under it have. */
export const isPhoneNumber = (text: string): boolean => E164.test(text) && isPossiblePhoneNumber(text);
