declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** A database without any table. */
    NEVER_MIGRATED: D1Database;
    /** Three requests in ten seconds. */
    TIGHT_LIMIT: RateLimit;
  }
}

/** Vite's: the modules whose paths match, by path. */
interface ImportMeta {
  glob<T>(pattern: string, options: { eager: true; query?: string; import?: string }): Record<string, T>;
}
