/** One filter: a chip that shows what is chosen, opens a menu, and can be cleared. */
import type { ComponentChildren } from "preact";
import { Popover } from "../parts/popover.tsx";

interface Props {
  /** What is filtered: "Status". */
  name: string;
  /** What is chosen; empty: nothing. */
  value: string;
  /** Absent: it can't be cleared, because there is always one. */
  onClear?: (() => void) | undefined;
  children: (close: () => void) => ComponentChildren;
}

export const FilterChip = ({ name, value, onClear, children }: Props) => (
  <span class={`chip filter ${value === "" ? "" : "is-on"}`}>
    <Popover
      label={`Filter by ${name.toLowerCase()}`}
      button={
        <>
          <span class="value">{value === "" ? name : value}</span>
          <span aria-hidden="true">▾</span>
        </>
      }
      buttonLabel={value === "" ? name : `${name}: ${value}`}
    >
      {children}
    </Popover>
    {value !== "" && onClear && (
      <button
        type="button"
        class="clear"
        aria-label={`Clear the filter: ${name.toLowerCase()}`}
        onClick={onClear}
      >
        ✕
      </button>
    )}
  </span>
);
