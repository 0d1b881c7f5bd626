/** The routes of the console's sessions. The console itself is static, and is not in the Worker. */
import { route } from "../route.ts";
import { emptySchema } from "../schemas.ts";
import { makeLink } from "./links.ts";
import { signInSchema } from "./schemas.ts";
import { signIn, signOut } from "./sign-in.ts";

/** Enough for a key with every character escaped. */
const SIGN_IN = { limitBytes: 8_192, limitParts: 8 };

export const CONSOLE_ROUTES = [
  route({
    method: "POST",
    path: "/console/session",
    access: "public", // it counts its requests itself: who asks is in the body
    query: {},
    body: { schema: signInSchema, ...SIGN_IN },
    handler: signIn,
  }),
  route({ method: "DELETE", path: "/console/session", access: "public", query: {}, handler: signOut }),
  route({
    method: "POST",
    path: "/console/links",
    access: "any_key",
    body: { schema: emptySchema, optional: true },
    handler: makeLink,
  }),
] as const;
