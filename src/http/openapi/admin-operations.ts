/** What the document says about the operator's routes, and about the audit. */
import { act, adminOrg, erasingOrg, keyEntry, newKey, newOrg } from "./admin-answers.ts";
import { deleted } from "./answers.ts";
import { list, operation } from "./operation.ts";

const tag = "Running the service";

export const ADMIN_OPERATIONS = {
  "GET /v1/org/audit": list({
    tag,
    summary: "List what changed the org",
    description:
      "What keys with `configure` and the operator did, newest first, for 400 days. Only what succeeded.",
    data: act,
  }),

  "POST /v1/admin/orgs": operation({
    tag,
    summary: "Make an org",
    description: "With a signing secret and a first key, both shown once. They work at once.",
    data: newOrg,
    example: { name: "Acme", limits: { reports_per_minute: 600 } },
  }),
  "GET /v1/admin/orgs": list({ tag, summary: "List the orgs", description: "By their ids.", data: adminOrg }),
  "GET /v1/admin/orgs/:user_id": operation({ tag, summary: "Get an org", data: adminOrg, refusals: [404] }),
  "PATCH /v1/admin/orgs/:user_id": operation({
    tag,
    summary: "Change an org",
    description:
      "What is left out stays. Limits are merged by name, and null is the default. While an org is `suspended` its keys are refused, its inboxes are not found, and nothing is sent for it: its calls wait, and are released when that is lifted. Keys and inboxes follow within half a minute. 409 while it is being erased.",
    data: adminOrg,
    refusals: [404, 409],
    example: { limits: { stored_gb: 10 } },
  }),
  "DELETE /v1/admin/orgs/:user_id": operation({
    tag,
    summary: "Erase an org",
    description:
      "All that is kept of a suspended org goes, step by step, beginning a minute later; then it is not found any more. Again: the same. 409 unless it is suspended.",
    data: erasingOrg,
    statuses: [202],
    refusals: [404, 409],
  }),
  "POST /v1/admin/orgs/:user_id/keys": operation({
    tag,
    summary: "Make a key of an org",
    description:
      "It is shown once and works at once. It expires at `expires_at`, a time to come with its zone. 409 while a hundred are live.",
    data: newKey,
    refusals: [404, 409],
    example: { name: "CRM", scopes: ["report"], expires_at: "2030-01-31T00:00:00Z" },
  }),
  "GET /v1/admin/orgs/:user_id/keys": list({
    tag,
    summary: "List the keys of an org",
    description: "Newest first, revoked and expired ones too, never a key.",
    data: keyEntry,
    refusals: [404],
  }),
  "DELETE /v1/admin/keys/:id": operation({
    tag,
    summary: "Revoke a key",
    description: "It is refused within 60 seconds everywhere. Again: the same.",
    data: deleted("id"),
    refusals: [404],
  }),
};
