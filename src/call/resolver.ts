/**
 * Asks the public resolver over HTTPS for the addresses of a name, and remembers them for a minute. `node:dns` asks
 * the same resolver, but reports every failed look-up as "no such name".
 */
import { isAddress } from "../core/target.ts";

/** All addresses of a name; empty if it has none. Rejects if the resolver can't say. */
export type Resolve = (hostname: string) => Promise<string[]>;

export interface ResolverVerbs {
  /** The addresses of one family; empty if there are none. Rejects if the resolver can't say. */
  ask: (hostname: string, type: "A" | "AAAA") => Promise<string[]>;
  wait: (ms: number) => Promise<unknown>;
  now: () => number;
}

const REMEMBERED_MS = 60_000;
const REMEMBERED_NAMES = 1_000;
/** The pauses before a failed question is asked again. */
const PAUSES_MS = [100, 500];
/** The object that asked first may be gone. After this long the name is asked for again. */
const SHARED_MS = 2_000;

/** Resolves each name once a minute, however many calls ask. A failed look-up is not remembered. */
export function openResolver({ ask, wait, now }: ResolverVerbs): Resolve {
  const remembered = new Map<string, { until: number; answer: Promise<string[]>; isSettled: boolean }>();

  async function askForBoth(hostname: string): Promise<string[]> {
    for (const pause of PAUSES_MS) {
      try {
        return await askOnce(hostname);
      } catch {
        await wait(pause);
      }
    }
    return askOnce(hostname);
  }

  /** Both families or none: an unknown address might be a private one. */
  const askOnce = async (hostname: string): Promise<string[]> =>
    (await Promise.all([ask(hostname, "A"), ask(hostname, "AAAA")])).flat();

  function askAnew(hostname: string): Promise<string[]> {
    const answer = askForBoth(hostname);
    const entry = { until: now() + REMEMBERED_MS, answer, isSettled: false };
    remembered.delete(hostname);
    remembered.set(hostname, entry);
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED_NAMES && oldest !== undefined) remembered.delete(oldest);
    answer.then(
      () => {
        entry.isSettled = true;
      },
      () => {
        entry.isSettled = true;
        if (remembered.get(hostname) === entry) remembered.delete(hostname);
      },
    );
    return answer;
  }

  function resolve(hostname: string): Promise<string[]> {
    const known = remembered.get(hostname);
    if (known === undefined || known.until <= now()) return askAnew(hostname);
    if (known.isSettled) return known.answer;
    const inVain = async () => {
      await wait(SHARED_MS);
      if (known.isSettled) return known.answer;
      // The first of those who wait asks anew. The others find its question, and share it.
      if (remembered.get(hostname) === known) remembered.delete(hostname);
      return resolve(hostname);
    };
    return Promise.race([known.answer, inVain()]);
  }

  return resolve;
}

const RESOLVER = "https://cloudflare-dns.com/dns-query";

/** DNS statuses that are an answer (RFC 1035, section 4.1.1): no error, and no such name. */
const DEFINITE_STATUSES = [0, 3];

/** One question to the public resolver, in its JSON format. */
export async function askPublicResolver(hostname: string, type: "A" | "AAAA"): Promise<string[]> {
  const query = new URLSearchParams({ name: hostname, type });
  const response = await fetch(`${RESOLVER}?${query}`, { headers: { accept: "application/dns-json" } });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the resolver answered ${response.status}`);
  }
  const { Status, Answer = [] } = await response.json<{ Status: number; Answer?: { data: string }[] }>();
  if (!DEFINITE_STATUSES.includes(Status)) throw new Error(`the resolver answered with DNS status ${Status}`);
  // The answer lists aliases too.
  return Answer.map(({ data }) => data).filter(isAddress);
}
