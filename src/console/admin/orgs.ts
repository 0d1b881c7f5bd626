/** The orgs that the operator has listed so far, by their ids. */
import { signal } from "@preact/signals";
import type { AdminOrg } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";

const PAGE = 100;
/** No list keeps more rows in the page. */
export const ORGS_LIMIT = 500;

export const orgs = signal<readonly AdminOrg[] | null>(null);
export const nextOrgs = signal<string | null>(null);
export const orgsRefused = signal<readonly ApiError[]>([]);

/** The first page, or the one after the last. */
export async function loadOrgs(cursor: string | null = null): Promise<void> {
  const answer = await ask<AdminOrg[]>("GET", "/v1/admin/orgs", { query: { limit: PAGE, cursor } });
  orgsRefused.value = answer.ok ? [] : answer.errors;
  if (!answer.ok) return;
  orgs.value = [...(cursor === null ? [] : (orgs.value ?? [])), ...answer.data];
  nextOrgs.value = answer.next_cursor;
}
