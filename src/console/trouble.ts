/** How many endpoints need somebody: the number beside "Endpoints". Asked each half minute. */
import { signal } from "@preact/signals";
import type { Endpoint } from "./answers.ts";
import { ask } from "./api.ts";
import { useLive } from "./live.ts";
import { can } from "./session.ts";

const EVERY_MS = 30_000;

export const troubled = signal(0);

export const isTroubled = ({ state }: Pick<Endpoint, "state">): boolean =>
  state === "degraded" || state === "disabled";

export function useTrouble(): void {
  const load = async (signal: AbortSignal) => {
    const answer = await ask<Endpoint[]>("GET", "/v1/endpoints", { query: { limit: 200 }, signal });
    if (answer.ok) troubled.value = answer.data.filter(isTroubled).length;
  };
  useLive(load, { everyMs: EVERY_MS, isOn: can("read") });
}
