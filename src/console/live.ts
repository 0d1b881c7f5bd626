/**
 * Repeats a question every 2 s while the page is visible, never while it is hidden, and not while the server asks to be
 * left alone or the session has ended.
 */
import { useEffect, useRef } from "preact/hooks";
import { pausedUntil, sessionEnded } from "./api.ts";

const EVERY_MS = 2_000;

/** Asks at once and then regularly. `key`: when it changes, the questions begin anew. `load` gets a signal that ends them. */
export function useLive(
  load: (signal: AbortSignal) => Promise<unknown>,
  { key = "", everyMs = EVERY_MS, isOn = true }: { key?: string; everyMs?: number; isOn?: boolean } = {},
): void {
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (!isOn) return;
    const ended = new AbortController();
    let timer = 0;
    let isAsking = false;
    const mayAsk = () =>
      !document.hidden && sessionEnded.value === null && (pausedUntil.value?.until ?? 0) <= Date.now();
    const tick = async () => {
      isAsking = true;
      if (mayAsk()) await latest.current(ended.signal);
      isAsking = false;
      if (!ended.signal.aborted) timer = window.setTimeout(tick, everyMs);
    };
    const onVisible = () => {
      if (document.hidden || isAsking) return;
      window.clearTimeout(timer);
      void tick();
    };
    document.addEventListener("visibilitychange", onVisible);
    void tick();
    return () => {
      ended.abort();
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [key, everyMs, isOn]);
}
