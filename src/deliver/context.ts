/** What a batch is given to work with: the functions that reach the platform, and the rules it goes by. Shapes only. */
import type { AttemptReply, AttemptRequest } from "../call/attempt-request.ts";
import type { SigningSecrets } from "../core/signing-secret.ts";
import type { RetryRules } from "../core/transition.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import type { LoadedLog } from "../record/batch-read.ts";
import type { EndpointKey } from "../record/endpoints.ts";
import type { Writing, Written } from "../record/results.ts";

export interface BatchVerbs {
  /** The log of each key, in their order. Rejects where the record is away. */
  read: (keys: readonly AttemptKey[]) => Promise<(LoadedLog | undefined)[]>;
  /** The endpoints as they are now, in their order. */
  readEndpoints: (keys: readonly EndpointKey[]) => Promise<LoadedLog["endpoint"][]>;
  /** Gives each attempt its degraded endpoint's lease where that is free; returns those that got it. */
  claimProbes: (claims: readonly (EndpointKey & { probe: string })[]) => Promise<Set<string>>;
  /** The signing secrets of the log's org, or null where none can be had. */
  decryptSecrets: (log: LoadedLog) => Promise<SigningSecrets | null>;
  /** Rejects where the call's object was lost before it answered. */
  attempt: (request: AttemptRequest) => Promise<AttemptReply>;
  /** Asks the call's object for an attempt it may have made, and makes none. Rejects where the object was lost. */
  lookUp: (key: AttemptKey, asked: { waitMs: number; newestOrdinal: number }) => Promise<AttemptReply>;
  /** Writes all in one transaction. Rejects where the record is away. */
  write: (writing: Writing) => Promise<Written>;
  /** Enqueues what waited for endpoints that have recovered. May fail: the sweep does it too. */
  release: () => Promise<void>;
  /** Sends successors. May fail: the schedule in the record stands without them. */
  enqueue: (successors: { key: AttemptKey; delaySeconds: number }[]) => Promise<void>;
  now: () => number;
  random: () => number;
  newId: () => string;
}

export interface BatchRules extends RetryRules {
  deliveryTimeoutMs: number;
  allowPrivateTargets: boolean;
  publicUrl: URL;
}

/** The same, and the time at which the batch was read. */
export interface BatchContext {
  rules: BatchRules;
  verbs: BatchVerbs;
  now: number;
}
