/** The form of API keys, and how they are made. Pure: the random bytes are an argument. */
import { Buffer } from "node:buffer";
import { idIn } from "./id.ts";

/** `pc_` and 5 to 125 characters of `A-Z a-z 0-9 _ -`. Any other text is no key and needs no look-up. */
export const isApiKeyForm = (text: string): boolean => /^pc_[A-Za-z0-9_-]{5,125}$/.test(text);

/** 192 bits: nobody guesses a key. */
export const API_KEY_RANDOM_BYTES = 24;
/** So many random characters, of 48, are shown with a key's name: enough to tell keys apart, and no help in guessing. */
const SHOWN_CHARACTERS = 4;

/** A new key of an org in this database, and its first characters. */
export function makeApiKey(databaseNumber: number, random: Uint8Array): { key: string; prefix: string } {
  const text = Buffer.from(random).toString("hex");
  return {
    key: idIn(databaseNumber, "pc", text),
    prefix: idIn(databaseNumber, "pc", text.slice(0, SHOWN_CHARACTERS)),
  };
}
