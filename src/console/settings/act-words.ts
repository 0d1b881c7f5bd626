/** What was done to an org, in words. Pure. */

const ACTS: Record<string, string> = {
  "PATCH /v1/org": "Changed the settings",
  "POST /v1/org/signing-secrets/rotate": "Made a signing secret",
  "DELETE /v1/org/signing-secrets/{id}": "Ended a signing secret",
  "POST /v1/inbound/{phone_number}": "Set a number",
  "DELETE /v1/inbound/{phone_number}": "Removed a number",
  "PATCH /v1/endpoints": "Set an endpoint",
  "DELETE /v1/endpoints": "Forgot an endpoint",
  "POST /v1/endpoints/pause": "Paused an endpoint",
  "POST /v1/endpoints/enable": "Enabled an endpoint",
  "POST /v1/endpoints/probe": "Probed an endpoint",
  "POST /v1/inboxes": "Made an inbox",
  "PATCH /v1/inboxes/{id}": "Changed what an inbox answers",
  "DELETE /v1/inboxes/{id}": "Deleted an inbox",
  "DELETE /v1/postcall/calls/{call_id}": "Erased a call",
  "POST /v1/admin/orgs": "Made the org",
  "PATCH /v1/admin/orgs/{user_id}": "Changed the org's name, limits or suspension",
  "DELETE /v1/admin/orgs/{user_id}": "Began to erase the org",
  "POST /v1/admin/orgs/{user_id}/keys": "Made a key",
  "DELETE /v1/admin/keys/{id}": "Revoked a key",
};

/** An act that has no words yet is told by its method and path. */
export const actWords = (action: string): string => ACTS[action] ?? action;

/** What was acted on. An inbox's id is 64 characters: its beginning tells it apart, as its page does. */
export const targetWords = (target: string | null): string =>
  (target ?? "").replace(/^([0-9a-f]{8})[0-9a-f]{56}$/, "$1…");

/** Who acted. `ownKeyId`: the key of whoever looks. */
export const actorWords = (keyId: string, ownKeyId: string | undefined): string =>
  keyId === "admin" ? "the operator" : keyId === ownKeyId ? "this key" : keyId;
