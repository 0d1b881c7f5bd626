/** Whether a page is as the server is now, or since when it is not. */
import { pausedUntil } from "../api.ts";
import { now } from "../clock.ts";
import { timeOfDay } from "../format.ts";

export function Liveness({ staleSince }: { staleSince: number | null }) {
  if (staleSince !== null) return <span class="live is-stale">Stale since {timeOfDay(staleSince)}</span>;
  if ((pausedUntil.value?.until ?? 0) > now.value) return <span class="live is-stale">Paused</span>;
  return <span class="live">Live</span>;
}
