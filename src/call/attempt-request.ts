/**
 * What a batch asks of a call's object, and what it is answered. Shapes only.
 *
 * While a version is rolled out, batches of the old one meet objects of the new one, and the other way round. A version
 * number would not help: an object that refused a request would be taken for lost, and its attempt for interrupted; and what
 * an older batch left out shows by itself. So, without one:
 * - A member may be added to a request if it is optional, and its absence means what it meant before. Older objects ignore it.
 * - A kind of reply may be added if it is given only to requests that ask for it by such a member.
 * - No member, method or kind is renamed, retyped or removed, and none changes its meaning. What can't do without that
 *   is a method of its own, which no batch calls before every object has it: one deployment later.
 */
import type { SigningSecrets } from "../core/signing-secret.ts";
import type { TargetRules } from "../core/target.ts";
import type { AttemptEntry, AttemptKey, SendType } from "../core/webhook-log.ts";

/** All that an attempt needs to know. `secrets` are those of the org; `last_sent_at` the log's newest entry. */
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
  /** The answer is `under_way` after this long, in milliseconds. */
  waitMs: number;
  targetRules: TargetRules;
}

/**
 * `made`: the attempt's entry, made now or before. `under_way`: it runs, for `leftMs` more at most, or waits its turn (null); ask again.
 * `superseded`: a retry of a delivery that a newer one has replaced; it was not sent and never will be.
 */
export type AttemptReply =
  | { kind: "made"; entry: AttemptEntry }
  | { kind: "under_way"; leftMs: number | null }
  | { kind: "superseded" };
