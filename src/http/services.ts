/** What the handlers of this room are given to work with, instead of the platform's environment. */
import type { Config } from "../config.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import type { Inbox } from "../inbox/object.ts";
import type { ApiKey } from "../record/keys.ts";

export interface Services {
  /** Throws a ConfigError where a variable is unusable. */
  config: () => Config;
  databaseOf: (userId?: string) => D1Database;
  /** Enqueues first attempts, due after the delay if any, once the answer has gone out. Never fails: the record has them due. */
  enqueue: (keys: readonly AttemptKey[], delaySeconds?: number) => void;
  /** Enqueues what waited for an endpoint that was enabled, after the answer. Never fails: the sweep does it too. */
  release: () => void;
  /**
   * Makes a write that may be made twice, again where the record was away for a moment. `repeated`: what it came to is
   * the last one's, and an earlier one may have taken effect.
   */
  writeWithRetry: <T>(write: () => Promise<T>) => Promise<{ value: T; repeated: boolean }>;
  inboxes: {
    newId: () => string;
    /** Null for what can't be an inbox's id. */
    find: (id: string) => DurableObjectStub<Inbox> | null;
  };
  now: () => number;
}

/** Hono's view: the services, and the key that a request came with; `caller` where it need not have one. */
export interface HttpEnv {
  Bindings: Services;
  Variables: {
    apiKey: ApiKey;
    /** Whether the record still has the key, and it has not expired. */
    isStillValid: () => Promise<boolean>;
    caller: ApiKey | null;
    requestId: string;
  };
}
