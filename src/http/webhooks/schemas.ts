/** What the queries of `/v1/postcall/webhooks` hold. */
import { pageQuery, webhookQuery } from "../schemas.ts";

export const attemptsQuery = { ...webhookQuery, ...pageQuery };
