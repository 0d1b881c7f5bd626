/**
 * The form of phone numbers: E.164, possible but not necessarily assigned. Pure; guesses no country. And of the two
 * ends of a call, which may be SIP addresses or other texts.
 */
import { isPossiblePhoneNumber } from "libphonenumber-js/min";

/** The library accepts numbers as people write them. This accepts the machine form only: digits, 15 at most. */
const E164 = /^\+[1-9][0-9]{1,14}$/;

/** Whether `text` is `+`, an existing calling code, and as many digits as its numbers have. */
export const isPhoneNumber = (text: string): boolean => E164.test(text) && isPossiblePhoneNumber(text);

/** More than any phone number or SIP address has. */
const PARTY_LIMIT_CHARACTERS = 128;

/** Whether a call's `to` or `from` is kept, so that it can be looked for: a short text that SQLite keeps as it is. */
export const isParty = (text: string): boolean =>
  text.length <= PARTY_LIMIT_CHARACTERS && text.isWellFormed() && !/\p{Cc}/u.test(text);
