/** What signing in may hold. Messages complete the sentence "FIELD …, and is VALUE." */
import * as z from "zod";
import { members } from "../bounded.ts";

/** More than a key or a link has. */
const LIMIT_CHARACTERS = 1_024;
const RULE = `must be a text of at most ${LIMIT_CHARACTERS} characters`;

const secret = z.string(RULE).max(LIMIT_CHARACTERS, RULE);

/** One of the two. */
export const signInSchema = members({ key: secret.optional(), link: secret.optional() });
