/** How many endpoints need somebody: the number beside "Endpoints". Asked each minute. */
import { signal } from "@preact/signals";
import type { Endpoint } from "./answers.ts";
import { ask } from "./api.ts";
import { useLive } from "./live.ts";
import { can } from "./session.ts";

const EVERY_MS = 60_000;
const TROUBLED = ["degraded", "disabled"] as const;
/** As many as a page has: from here on the number is "200+". */
export const COUNTED_MOST = 200;

export const troubled = signal(0);

export const isTroubled = ({ state }: Pick<Endpoint, "state">): boolean =>
  TROUBLED.some((each) => each === state);

export function useTrouble(): void {
  const load = async (signal: AbortSignal) => {
    const answers = await Promise.all(
      TROUBLED.map((state) =>
        ask<Endpoint[]>("GET", "/v1/endpoints", { query: { state, limit: COUNTED_MOST }, signal }),
      ),
    );
    const found = answers.flatMap((answer) => (answer.ok ? [answer.data.length] : []));
    if (found.length === TROUBLED.length) troubled.value = found.reduce((sum, count) => sum + count);
  };
  useLive(load, { everyMs: EVERY_MS, isOn: can("read") });
}
