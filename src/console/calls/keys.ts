/** The keys of the list: j and k go from row to row, x selects, r sends again, Escape drops the selection. */
import { useEffect, useRef } from "preact/hooks";
import type { ListedLog } from "../answers.ts";
import { useShortcuts } from "../shortcuts.ts";
import { list } from "./list.ts";
import { keyOf } from "./rows.ts";
import { choose, dropSelection, hasSelection } from "./selection.ts";

const isMenuOpen = (): boolean => document.querySelector(":popover-open, dialog[open]") !== null;

const focusedKey = (): string | null =>
  document.activeElement?.closest<HTMLElement>("tr[data-key]")?.dataset.key ?? null;

function focusRow(key: string): void {
  const row = document.querySelector(`tr[data-key="${CSS.escape(key)}"]`);
  row?.querySelector<HTMLElement>("a")?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

/** Gives the focus to a row if what had it goes away with the selection. */
export function keepFocus(key: string, act: () => void): void {
  const hadFocus = document.activeElement !== document.body;
  act();
  requestAnimationFrame(() => {
    if (hadFocus && document.activeElement === document.body) focusRow(key);
  });
}

export function useCallKeys({ onSend }: { onSend: (focused: ListedLog | null) => void }): void {
  const last = useRef<string | null>(null);
  const focused = (): ListedLog | null => {
    const key = focusedKey();
    return list.value.rows.shown.find((log) => keyOf(log) === key) ?? null;
  };
  const move = (step: 1 | -1) => {
    const { shown } = list.value.rows;
    const from = focusedKey() ?? last.current;
    const at = shown.findIndex((log) => keyOf(log) === from);
    // A row that the focus has left is where it comes back to.
    const to = at < 0 ? 0 : focusedKey() === null ? at : Math.max(0, Math.min(shown.length - 1, at + step));
    const log = shown[to];
    if (log === undefined) return;
    last.current = keyOf(log);
    focusRow(last.current);
  };
  const unlessMenu = (act: () => void) => () => {
    if (!isMenuOpen()) act();
  };
  useShortcuts({
    j: unlessMenu(() => move(1)),
    k: unlessMenu(() => move(-1)),
    x: unlessMenu(() => {
      const log = focused();
      if (log !== null) choose(log);
    }),
    r: unlessMenu(() => onSend(focused())),
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isElsewhere = event.target instanceof HTMLInputElement && event.target.type !== "checkbox";
      // A menu or dialog takes the key for itself.
      if (event.key === "Escape" && hasSelection.value && !isElsewhere && !isMenuOpen()) dropSelection();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
