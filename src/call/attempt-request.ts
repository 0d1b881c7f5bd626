/**
 * What a batch asks of a call's object, and the reply. Shapes only.
 *
 * During a rollout, batches of the old version meet objects of the new one, and the other way round. A version number
 * would not help: if an object refused a request, the batch would take the object for lost and record the attempt as
 * interrupted. These rules keep the two compatible instead:
 * - A new member of a request is optional, and without it the request means what it meant before. Older objects
 *   ignore it.
 * - A new kind of reply is given only to requests that ask for it by such a member.
 * - No member, method or kind is renamed, retyped, removed or given another meaning. A change that needs this gets a
 *   method of its own, and batches call it one deployment later, when every object has it.
 */
import type { SigningSecrets } from "../core/signing-secret.ts";
import type { TargetRules } from "../core/target.ts";
import type { AttemptEntry, AttemptKey, SendType } from "../core/webhook-log.ts";

/** All that an attempt needs. `secrets` are the org's; `last_sent_at` is the time of the log's newest entry. */
export interface AttemptRequest {
  key: AttemptKey;
  delivery_ordinal: number;
  send_type: SendType;
  webhook_id: string;
  url: string;
  payload: string;
  secrets: SigningSecrets;
  last_sent_at: number | null;
  timeoutMs: number;
  /** After this many milliseconds the reply is `under_way`. */
  waitMs: number;
  targetRules: TargetRules;
  /** The name of the header with the older signature, if it is not `x-webhook-signature`. */
  signature_header?: string;
  /** Headers of the endpoint's owner, by name in lower case. */
  headers?: Readonly<Record<string, string>>;
}

/**
 * - `made`: the attempt's entry, whether it was made now or before.
 * - `under_way`: the attempt runs for `leftMs` more at most, or waits for its turn (null). Ask again.
 * - `superseded`: a newer delivery or a newer attempt of the same one has taken this attempt's place, or the call was
 *   erased. It is not sent any more.
 */
export type AttemptReply =
  | { kind: "made"; entry: AttemptEntry }
  | { kind: "under_way"; leftMs: number | null }
  | { kind: "superseded" };
