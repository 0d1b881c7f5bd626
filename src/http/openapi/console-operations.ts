/** What the document says about the console's sessions. */
import * as z from "zod";
import { caller, time } from "./answers.ts";
import { operation } from "./operation.ts";

const tag = "Console";

const headers = {
  "x-postcall-console": "Has to be `1`.",
  origin: "If there is one, it has to be this service's own.",
};

export const CONSOLE_OPERATIONS = {
  "POST /console/session": operation({
    tag,
    summary: "Sign in",
    description:
      "With a key of an org or the admin key, or with the `link` that a link's address ends with. The answer sets a cookie that stands for the key for 12 hours, and tells whose key it is. It ends earlier if the key is revoked or expires, if the admin key is replaced, or if 50 newer sessions have the same key.",
    data: caller,
    headers,
    refusals: [400, 401, 403, 429],
    example: { key: "pc_0_…" },
  }),
  "DELETE /console/session": operation({
    tag,
    summary: "Sign out",
    description:
      "Ends the session of the cookie everywhere within 60 seconds, and takes the cookie back. Again: the same.",
    data: z.object({ deleted: z.literal(true) }),
    headers,
    refusals: [400, 403, 429],
  }),
  "POST /console/links": operation({
    tag,
    summary: "Make a link that signs in",
    description:
      "It signs in with the key of this request: once, within a minute. Whoever has it first has it, so hand it on as you would the key. A session can't make one. 50 links of a key are kept; of more the oldest go.",
    data: z.object({
      url: z.string().meta({ examples: ["https://postcall.example/console#link=link_0_…"] }),
      expires_at: time,
    }),
  }),
};
