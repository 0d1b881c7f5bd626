/** Whether a page is as the server is now, or since when it is not. */
import { timeOfDay } from "../format.ts";

export const Liveness = ({ staleSince }: { staleSince: number | null }) =>
  staleSince === null ? (
    <span class="live">Live</span>
  ) : (
    <span class="live is-stale">Stale since {timeOfDay(staleSince)}</span>
  );
