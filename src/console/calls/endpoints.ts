/** Which endpoints are disabled: what is sent again to them is refused. Asked while there is a selection. */
import { signal } from "@preact/signals";
import type { Endpoint } from "../answers.ts";
import { ask } from "../api.ts";
import { useLive } from "../live.ts";

const EVERY_MS = 20_000;

export const disabledEndpoints = signal<ReadonlySet<string>>(new Set());

export function useDisabledEndpoints(isOn: boolean): void {
  const load = async (signal: AbortSignal) => {
    const query = { state: "disabled", limit: 200 };
    const answer = await ask<Endpoint[]>("GET", "/v1/endpoints", { query, signal });
    if (answer.ok) disabledEndpoints.value = new Set(answer.data.map(({ url }) => url));
  };
  useLive(load, { everyMs: EVERY_MS, isOn });
}
