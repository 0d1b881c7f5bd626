/**
 * The page behind an inbox's `view_url`, for whoever has that address: it asks its own address for what has come, each
 * 2 s while it is visible, and nothing else. It changes nothing, and nobody signs in.
 */
import { useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { announce, tell } from "./announce.ts";
import { type Answer, type ApiError, messageOf, pausedUntil, unreachableSince } from "./api.ts";
import { now } from "./clock.ts";
import { counted, zone } from "./format.ts";
import { type Captures, withOlder, withPageOne } from "./inboxes/captures.ts";
import { askIfChanged, askPage, refusedBy } from "./inboxes/captures-load.ts";
import { CapturesView } from "./inboxes/captures-view.tsx";
import { useLive } from "./live.ts";
import { Empty, Errors } from "./parts/form.tsx";
import { Banner, Messages } from "./parts/messages.tsx";
import { shortcutsOn, turnShortcuts } from "./shortcuts.ts";

function ViewPage({ path }: { path: string }) {
  const captures = useSignal<Captures | null>(null);
  const refused = useSignal<readonly ApiError[]>([]);
  const isGone = useSignal(false);
  const take = (answer: Answer<Captures> | null) => {
    refused.value = refusedBy(answer);
    if (answer?.ok) captures.value = withPageOne(captures.value, answer.data);
    else if (answer?.status === 404) isGone.value = true;
  };
  useLive(async (signal) => take(await askIfChanged(path, { known: captures.value, signal })), {
    isOn: !isGone.value,
  });
  const older = async () => {
    const answer = await askPage(path, { cursor: captures.value?.next ?? null });
    if (!answer.ok) tell(messageOf(answer), "bad");
    else if (captures.value !== null) captures.value = withOlder(captures.value, answer.data);
  };
  const rows = captures.value?.rows.length ?? 0;
  useEffect(() => {
    if (rows > 0) announce(counted(rows, "request"));
  }, [rows]);
  if (isGone.value) return <Gone />;
  return (
    <>
      <Banner />
      <div class="bar">
        <h1>What this inbox has received</h1>
        <Live />
      </div>
      <p class="sentence">
        New requests show up by themselves. Signatures and credentials in the headers are masked. Times are{" "}
        {zone()}.
      </p>
      <Errors errors={refused.value} />
      {captures.value !== null &&
        (rows === 0 ? <Nothing /> : <CapturesView captures={captures.value} onOlder={older} />)}
      {rows > 0 && <Keys />}
      <Messages />
    </>
  );
}

function Live() {
  const isPaused = (pausedUntil.value?.until ?? 0) > now.value || unreachableSince.value !== null;
  return <span class={isPaused ? "live is-stale" : "live"}>{isPaused ? "Waiting" : "Live"}</span>;
}

const Keys = () => (
  <label class="check dim small below">
    <input
      type="checkbox"
      checked={shortcutsOn.value}
      onChange={({ currentTarget }) => turnShortcuts(currentTarget.checked)}
    />
    <span>
      <kbd>j</kbd> and <kbd>k</kbd> go to the next request and the one before
    </span>
  </label>
);

const Nothing = () => (
  <Empty title="Nothing has come yet">
    <p>
      Whatever is sent to the inbox's address shows up here. That address is not this page's: who made the
      inbox has it.
    </p>
  </Empty>
);

const Gone = () => (
  <>
    <h1>Inbox</h1>
    <Empty title="There is no such page, or its inbox has ended">
      <p>
        An inbox lives for seven days, or until somebody deletes it. Whoever gave you this address can make a
        new one.
      </p>
    </Empty>
  </>
);

document.title = "Inbox · Postcall";
const root = document.getElementById("app");
if (root !== null) render(<ViewPage path={location.pathname} />, root);
