/** A part of a long list: a page never holds more rows than this. */
import { useState } from "preact/hooks";
import { count } from "../format.ts";

export interface Window {
  from: number;
  to: number;
  show: (from: number) => void;
}

export function useWindow(total: number, size = 200): Window {
  const [from, show] = useState(0);
  const start = Math.max(0, Math.min(from, total - 1));
  return { from: start, to: Math.min(start + size, total), show };
}

interface Props {
  window: Window;
  total: number;
  size?: number;
  /** What there is, such as "utterances". */
  what: string;
}

export function WindowButtons({ window: { from, to, show }, total, size = 200, what }: Props) {
  if (from === 0 && to === total) return null;
  return (
    <p class="bar small dim">
      {what} {count(from + 1)} to {count(to)} of {count(total)}
      <button
        type="button"
        class="button"
        disabled={from === 0}
        onClick={() => show(Math.max(0, from - size))}
      >
        Show those before
      </button>
      <button type="button" class="button" disabled={to === total} onClick={() => show(to)}>
        Show the next
      </button>
    </p>
  );
}
