/** `/v1/inbound` sets where the calls of inbound numbers go. Changes affect later reports only. */
import type { Context } from "hono";
import { isPhoneNumber } from "../core/phone-number.ts";
import { withoutQuery } from "../core/target.ts";
import { findNumber, listNumbers, NUMBERS_LIMIT, removeNumber, setNumber } from "../record/numbers.ts";
import { notFound, ok, okList, refuse } from "./answer.ts";
import { mayRead } from "./auth.ts";
import type { Given, QueryShape } from "./route.ts";
import type { inboundSchema, pageQuery } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { readTarget } from "./target.ts";

export async function getNumbers(
  c: Context<HttpEnv>,
  { query: { limit, cursor } }: Given<typeof pageQuery>,
): Promise<Response> {
  // An unescaped plus sign in a query arrives as a space.
  const after = (cursor ?? "").replace(/^ /, "+");
  if (after !== "" && !isPhoneNumber(after)) return refuseNumber("cursor", after);
  const { user_id } = c.get("apiKey");
  const numbers = await listNumbers(c.env.databaseOf(user_id), { user_id, after, limit: limit + 1 });
  return okList(numbers, { limit, cursorOf: ({ phone_number }) => phone_number });
}

export async function getNumber(c: Context<HttpEnv>): Promise<Response> {
  const key = keyOf(c);
  if (key instanceof Response) return key;
  const number = await findNumber(c.env.databaseOf(key.user_id), key);
  return number === null ? notSet(key.phone_number) : ok(number);
}

export async function postNumber(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof inboundSchema>,
): Promise<Response> {
  const key = keyOf(c);
  if (key instanceof Response) return key;
  const target = readTarget("webhook", body.webhook, c.env.config());
  if (!target.ok) return refuse(target.refusal);
  const number = await setNumber(c.env.databaseOf(key.user_id), key, { ...body, webhook: target.url });
  if (number === null) {
    const message = `${NUMBERS_LIMIT} numbers are set, and no more can be. DELETE /v1/inbound/{phone_number} removes one.`;
    return refuse({ error: "CONFLICT", message });
  }
  return ok(mayRead(c) ? number : { ...number, webhook: withoutQuery(number.webhook) });
}

export async function deleteNumber(c: Context<HttpEnv>): Promise<Response> {
  const key = keyOf(c);
  if (key instanceof Response) return key;
  const { user_id, phone_number } = key;
  if (!(await removeNumber(c.env.databaseOf(user_id), key))) return notSet(phone_number);
  return ok({ phone_number, deleted: true });
}

function keyOf(c: Context<HttpEnv>) {
  const phone_number = c.req.param("phone_number") ?? "";
  if (!isPhoneNumber(phone_number)) return refuseNumber("phone_number", phone_number);
  return { user_id: c.get("apiKey").user_id, phone_number };
}

const refuseNumber = (field: string, value: string): Response =>
  refuse({
    error: "invalid_parameter",
    field,
    message: `${field} must be a phone number in E.164, such as +14155550100, and is ${JSON.stringify(value.slice(0, 80))}.`,
  });

const notSet = (phoneNumber: string): Response => notFound(`Nothing is set for the number ${phoneNumber}.`);
