/** All that failed since one call. They can be shown today; replaying them comes with replays. */

import { now } from "../clock.ts";
import { ago, exactly, timeOfDay } from "../format.ts";
import { addressOf } from "../router.ts";

export const failedSince = (created_at: string): string =>
  addressOf("calls", { status: "failed", since: created_at });

export const failedSinceTitle = (created_at: string): string =>
  `All failed since ${timeOfDay(created_at).slice(0, 5)} …`;

export const FailedSince = ({ at, onDone }: { at: string; onDone: () => void }) => (
  <div class="form">
    <p>
      All failed calls that were reported since <b>{exactly(at)}</b>, {ago(at, now.value)}.
    </p>
    <div class="bar">
      <a class="button is-primary" href={failedSince(at)} onClick={onDone}>
        Show them
      </a>
      <Replay />
    </div>
    <small class="dim">{NO_REPLAYS}</small>
  </div>
);

const NO_REPLAYS = "Replays are not there yet. Show the calls, select all that match, and send them again.";

/** The place of the replay. */
export const Replay = ({ children = "Replay them" }: { children?: string }) => (
  <button type="button" class="button" disabled title={NO_REPLAYS}>
    {children}
  </button>
);
