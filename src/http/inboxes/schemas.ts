/** What an inbox may be configured to answer. Messages complete the sentence "FIELD …, and is VALUE." */
import * as z from "zod";
import { DEFAULT_RESPONSE, ruleAgainstHeader } from "../../core/inbox.ts";
import { boundedRecord, members } from "../bounded.ts";

const HEADER_LIMIT = 32;
/** The limits of the configured body, and of all configured headers together, in characters. */
const BODY_LIMIT_CHARACTERS = 65_536;
const HEADERS_LIMIT_CHARACTERS = 8_192;

const STATUS_RULE = "must be a whole number from 200 to 599";
const DELAY_RULE = "must be a whole number of milliseconds from 0 to 30000";
const BODY_RULE = `must be a text of at most ${BODY_LIMIT_CHARACTERS} characters`;
const HEADERS_RULE = `must be an object of at most ${HEADER_LIMIT} texts and ${HEADERS_LIMIT_CHARACTERS} characters together`;

const headers = boundedRecord(z.string("must be a text").max(HEADERS_LIMIT_CHARACTERS, HEADERS_RULE), {
  max: HEADER_LIMIT,
  maxName: HEADERS_LIMIT_CHARACTERS,
  rule: HEADERS_RULE,
})
  .superRefine((given, context) => {
    const entries = Object.entries(given);
    const characters = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (characters > HEADERS_LIMIT_CHARACTERS)
      context.addIssue({ code: "custom", message: HEADERS_RULE, input: given });
    for (const [name, value] of entries) {
      const message = ruleAgainstHeader(name, value);
      if (message !== null) context.addIssue({ code: "custom", message, input: value, path: [name] });
    }
  })
  .transform((given) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value])),
  );

export const configureInboxSchema = members({
  respond: members(
    {
      status: z.int(STATUS_RULE).min(200, STATUS_RULE).max(599, STATUS_RULE).default(DEFAULT_RESPONSE.status),
      delay_ms: z
        .int(DELAY_RULE)
        .min(0, DELAY_RULE)
        .max(30_000, DELAY_RULE)
        .default(DEFAULT_RESPONSE.delay_ms),
      headers: headers.default(DEFAULT_RESPONSE.headers),
      body: z.string(BODY_RULE).max(BODY_LIMIT_CHARACTERS, BODY_RULE).default(DEFAULT_RESPONSE.body),
    },
    "must be an object",
  ),
});
