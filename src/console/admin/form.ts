/** What the operator's forms hold, and what is sent of it. Pure. */
import type { AdminOrg, Scope } from "../answers.ts";
import { sentNumber } from "../sent-number.ts";

/** Empty: the default. */
export interface LimitsDraft {
  reports_per_minute: string;
  stored_gb: string;
}

export const NO_LIMITS: LimitsDraft = { reports_per_minute: "", stored_gb: "" };

export const limitsDraftOf = ({ reports_per_minute, stored_gb }: AdminOrg["limits"]): LimitsDraft => ({
  reports_per_minute: reports_per_minute === null ? "" : String(reports_per_minute),
  stored_gb: stored_gb === null ? "" : String(stored_gb),
});

/** The limits that differ from those before. */
export function limitsChangesOf(
  before: LimitsDraft,
  draft: LimitsDraft,
): Record<string, number | string | null> {
  const names = ["reports_per_minute", "stored_gb"] as const;
  const changed = names.filter((name) => before[name].trim() !== draft[name].trim());
  return Object.fromEntries(changed.map((name) => [name, sentNumber(draft[name])]));
}

/** What each scope lets a key do. */
export const SCOPES: readonly { scope: Scope; told: string }[] = [
  { scope: "report", told: "hand in calls and their citations" },
  { scope: "read", told: "see calls, payloads and settings" },
  { scope: "send", told: "send again, send elsewhere, send tests" },
  { scope: "configure", told: "change settings, endpoints, numbers, secrets and inboxes, and erase calls" },
];

/** A local date and time of a form as an instant; null if it is empty. */
export const instantOf = (local: string): string | null =>
  local === "" ? null : new Date(local).toISOString();

/** Those whose name or id has this text. */
export const found = (all: readonly AdminOrg[], text: string): readonly AdminOrg[] => {
  const wanted = text.trim().toLowerCase();
  return all.filter(({ name, user_id }) => `${name}\n${user_id}`.toLowerCase().includes(wanted));
};
