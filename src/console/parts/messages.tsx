/** What the console says beside a page: what keeps it from going on, and short messages. */
import { announced, toast } from "../announce.ts";
import { pausedUntil, unreachableSince } from "../api.ts";
import { now } from "../clock.ts";
import { countdown, roughly } from "../format.ts";

/** What keeps the whole console from going on. */
export function Banner() {
  const paused = pausedUntil.value;
  const left = (paused?.until ?? 0) - now.value;
  if (paused !== null && left > 0)
    return (
      <p class="banner is-wait" role="status">
        {paused.why} <span aria-hidden="true">It goes on in {countdown(left)}.</span>
      </p>
    );
  if (unreachableSince.value !== null)
    return (
      <p class="banner is-bad" role="status">
        The server does not answer, and what you see is not up to date.{" "}
        <span aria-hidden="true">It is {roughly(now.value - unreachableSince.value)} old.</span>
      </p>
    );
  return null;
}

export function Messages() {
  return (
    <>
      <div class="toasts" role="alert">
        {toast.value !== null && (
          <div class={`toast is-${toast.value.kind}`}>
            {toast.value.text}
            <button type="button" class="icon" aria-label="Close" onClick={() => (toast.value = null)}>
              ✕
            </button>
          </div>
        )}
      </div>
      <div class="unseen" role="status" aria-live="polite">
        {announced.value}
      </div>
    </>
  );
}
