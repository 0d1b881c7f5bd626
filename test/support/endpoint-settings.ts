/** The tests' words for an endpoint's settings: they are set, shown and forgotten, and an attempt is made with them. */
import { expect } from "vitest";
import { attemptOnce } from "./endpoints.ts";
import { call, logOf, makeOrg, receiver } from "./words.ts";

export const URL_SET = "https://crm.example/hook";

export const set = (org: { key: string }, url: string, settings: object) =>
  call(org, "PATCH", "/v1/endpoints", { body: { url, ...settings } });

export const show = (org: { key: string }, url: string) =>
  call(org, "GET", `/v1/endpoints?url=${encodeURIComponent(url)}`);

export const forget = (org: { key: string }, url: string) =>
  call(org, "DELETE", `/v1/endpoints?url=${encodeURIComponent(url)}`);

/** Sets something for a receiver's endpoint, and makes a call's first attempt there. */
export async function attemptWith(settings: object, ...program: Parameters<typeof receiver>) {
  const org = await makeOrg();
  const crm = await receiver(...program);
  expect((await set(org, crm.url, settings)).status).toBe(200);
  const { key } = await attemptOnce(org, `${crm.url}?call=1`);
  return { org, crm, key, log: await logOf(org, key.call_id) };
}
