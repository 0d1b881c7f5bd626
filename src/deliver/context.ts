/** What a batch works with: the functions that reach the platform, and its rules. Shapes only. */
import type { AttemptReply, AttemptRequest } from "../call/attempt-request.ts";
import type { Waiting } from "../core/endpoint.ts";
import type { SigningSecrets } from "../core/signing-secret.ts";
import type { RetryRules } from "../core/transition.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import type { LoadedLog } from "../record/batch-read.ts";
import type { EndpointKey } from "../record/endpoints.ts";
import type { PaceAsked, Slots, Turns } from "../record/pace.ts";
import type { Release } from "../record/parked.ts";
import type { Writing, Written } from "../record/results.ts";

export interface BatchVerbs {
  /** The log of each key, in the same order. Rejects if the record is away. */
  read: (keys: readonly AttemptKey[]) => Promise<(LoadedLog | undefined)[]>;
  /** The endpoints as they are now, in the same order. */
  readEndpoints: (keys: readonly EndpointKey[]) => Promise<LoadedLog["endpoint"][]>;
  /** How many calls are parked at each endpoint, in the same order, up to a limit. */
  countWaiting: (keys: readonly EndpointKey[]) => Promise<Waiting[]>;
  /** Takes turns at endpoints with a rate, and then gives slots, both from `now` on. Rejects if the record is away. */
  takeTurns: (asked: readonly PaceAsked[], now: number) => Promise<Turns[]>;
  giveSlots: (asked: readonly PaceAsked[], now: number) => Promise<Slots[]>;
  /** The signing secrets of the log's org, or null if none can be decrypted. */
  decryptSecrets: (log: LoadedLog) => Promise<SigningSecrets | null>;
  /** The headers that the log's endpoint has set, by name; null if one can't be decrypted. */
  decryptHeaders: (log: LoadedLog) => Promise<Record<string, string> | null>;
  /** Makes the attempt. Rejects if the call's object was lost before it answered. */
  attempt: (request: AttemptRequest) => Promise<AttemptReply>;
  /** Looks up an attempt in the call's object without making it. Rejects if the object was lost. */
  lookUp: (key: AttemptKey, asked: { waitMs: number; newestOrdinal: number }) => Promise<AttemptReply>;
  /** False if the record was found to take no writes: then nothing is to be sent. */
  takesWrites: () => Promise<boolean>;
  /** Writes all in one transaction. Rejects if the record is away. */
  write: (writing: Writing) => Promise<Written>;
  /** Makes calls due that are parked at endpoints which are active. It may fail: an endpoint wakes by itself too. */
  release: (releases: readonly Release[]) => Promise<AttemptKey[]>;
  /** Sends follow-up messages. It may fail: the times in the record are enough. */
  enqueue: (successors: { key: AttemptKey; delaySeconds: number; hasWaited?: boolean }[]) => Promise<void>;
  /** Sends messages for endpoints that wake later. It may fail like that. */
  enqueueWakes: (wakes: { endpoint: EndpointKey; delaySeconds: number }[]) => Promise<void>;
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
  /** Whether attempts may be made; what was made before is looked up and recorded in any case. */
  mayAttempt: boolean;
}
