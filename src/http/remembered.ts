/** Look-ups by names that nobody can guess, and what an isolate remembers of them. */
import { memory } from "./memory.ts";
import type { Services } from "./services.ts";

/** What is known is looked up again after this long, so what has ended is refused everywhere within this time. */
const KNOWN_MS = 30_000;
/** For this long what was found once is looked up again even if its address is barred. */
const PROVEN_MS = 86_400_000;
/** What is unknown is not looked up again for this long. It can't come to be meanwhile, because names are random. */
const UNKNOWN_MS = 10_000;

/** `fresh`: asks the record, whatever is remembered. `fromMemory`: nothing is looked up that was not found before. */
export interface FindOptions {
  fresh?: boolean;
  fromMemory?: boolean;
}

/** Looks things up and remembers them, and that they are not there, for a while. */
export function rememberedLookUp<Found>(
  lookUp: (services: Services, name: string) => Promise<Found | null>,
): {
  find: (services: Services, name: string, options?: FindOptions) => Promise<Found | null>;
  /** It is not there any more. */
  forget: (services: Services, name: string) => void;
} {
  const known = memory<Found>();
  const proven = memory<true>();
  // Kept apart, so that a flood of bad names does not push out a good one.
  const unknown = memory<true>();

  function forget({ now }: Services, name: string): void {
    known.forget(name);
    unknown.remember(name, true, now() + UNKNOWN_MS);
  }

  async function ask(services: Services, name: string): Promise<Found | null> {
    const found = await lookUp(services, name);
    if (found === null) forget(services, name);
    else {
      known.remember(name, found, services.now() + KNOWN_MS);
      proven.remember(name, true, services.now() + PROVEN_MS);
    }
    return found;
  }

  async function find(
    services: Services,
    name: string,
    { fresh = false, fromMemory = false }: FindOptions = {},
  ): Promise<Found | null> {
    const now = services.now();
    if (!fresh && unknown.get(name, now)) return null;
    const remembered = fresh ? null : known.get(name, now);
    const isBarred = fromMemory && proven.get(name, now) === null;
    return remembered ?? (isBarred ? null : await ask(services, name));
  }

  return { find, forget };
}
