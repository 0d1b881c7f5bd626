/** What the handlers of this folder work with, in place of the platform's environment. */
import type { Config } from "../config.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import type { Inbox } from "../inbox/object.ts";
import type { BoundKey } from "../record/console-tokens.ts";
import type { EndpointKey } from "../record/endpoints.ts";
import type { FoundKey } from "../record/keys.ts";
import type { LimitKind } from "./limits.ts";

export interface Services {
  /** Throws a ConfigError if a variable is unusable. */
  config: () => Config;
  databaseOf: (userId?: string) => D1Database;
  /** Enqueues first attempts after the answer, with a delay if given. Never fails: the record knows that they are due. */
  enqueue: (keys: readonly AttemptKey[], delaySeconds?: number) => void;
  /** Wakes endpoints after the answer and their delays. Never fails: the sweep does it too. */
  wake: (wakes: readonly { endpoint: EndpointKey; delaySeconds: number }[]) => void;
  /**
   * Makes a write that is safe to repeat, and repeats it if the record is away for a moment. `repeated`: the value is
   * that of the last try, and an earlier try may have taken effect.
   */
  writeWithRetry: <T>(write: () => Promise<T>) => Promise<{ value: T; repeated: boolean }>;
  /** Work that other requests may share goes on even if the client of this one leaves. Returns the same promise. */
  keepAlive: <T>(work: Promise<T>) => Promise<T>;
  /** Counts a request of this kind and key; false if there are too many. */
  isWithinLimit: (kind: LimitKind, key: string) => Promise<boolean>;
  /** Has the object of a call that was erased begin no more attempts. */
  closeCall: (call: { user_id: string; call_id: string }) => Promise<void>;
  inboxes: {
    /** A new inbox's id, and the token of the page that shows what it receives. */
    make: () => { id: string; token: string };
    /** Null if the text can't be an inbox's id. */
    find: (id: string) => DurableObjectStub<Inbox> | null;
    /** The inbox of the page with this token; null if the text can't be one. */
    viewed: (token: string) => DurableObjectStub<Inbox> | null;
  };
  now: () => number;
}

/** The services, and what middleware found out about a request. */
export interface HttpEnv {
  Bindings: Services;
  Variables: {
    /** Whether the operator asks. Then there is no `apiKey`. */
    isAdmin: boolean;
    apiKey: FoundKey;
    /** What a session or link of the caller's is bound to. */
    boundKey: BoundKey;
    /** Whether the record still has the key (and the session), and the key has not expired. */
    isStillValid: () => Promise<boolean>;
    requestId: string;
    /** What an act was done to, where its path does not tell: the org, and what of it. For the audit. */
    acted?: { user_id?: string; target?: string };
  };
}
