/** Single-key shortcuts. They can be turned off, and are off while somebody types or a dialog is open. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

const KEPT_AS = "postcall-shortcuts";

const kept = (): string | null => {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null; // a browser may forbid it
  }
};

export const shortcutsOn = signal(kept() !== "off");

export function turnShortcuts(on: boolean): void {
  shortcutsOn.value = on;
  try {
    localStorage.setItem(KEPT_AS, on ? "on" : "off");
  } catch {}
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type));

/** Keys that go on while they are held. What sends must not. */
const REPEATABLE = ["j", "k"];

/** What each key does while the component is shown. */
export function useShortcuts(keys: Record<string, () => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const act = latest.current[event.key];
      const isOurs = shortcutsOn.value && !event.metaKey && !event.ctrlKey && !event.altKey;
      if (act === undefined || !isOurs || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      if (event.repeat && !REPEATABLE.includes(event.key)) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
