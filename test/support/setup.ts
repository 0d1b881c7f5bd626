/** For each test file of the Worker: a database of its own, migrated, and no network beyond this machine. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect } from "vitest";

await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);

const unexpected: string[] = [];
const realFetch = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.hostname === "127.0.0.1") return realFetch(input, init);
  unexpected.push(url.href);
  return Promise.reject(new Error(`a test reached for ${url.href}`));
};

afterEach(() => expect(unexpected.splice(0)).toEqual([]));
