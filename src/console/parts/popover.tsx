/**
 * A button that opens a small panel beside it. The browser closes it on Escape or a click elsewhere, puts it after its
 * button in the order of the tab key, and gives the focus back.
 */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  /** The panel's name. */
  label: string;
  button: ComponentChildren;
  buttonClass?: string;
  /** The button's name, where what it shows is not one. */
  buttonLabel?: string;
  title?: string;
  children: (close: () => void) => ComponentChildren;
}

const MARGIN_PX = 8;

/** Below the button and within the window; above it if there is more room. */
function place(panel: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const left = Math.min(at.left, innerWidth - panel.offsetWidth - MARGIN_PX);
  const isAbove =
    at.bottom + panel.offsetHeight + MARGIN_PX > innerHeight && at.top > innerHeight - at.bottom;
  panel.style.left = `${Math.max(MARGIN_PX, left)}px`;
  panel.style.top = isAbove ? "auto" : `${at.bottom + 4}px`;
  panel.style.bottom = isAbove ? `${innerHeight - at.top + 4}px` : "auto";
  panel.style.maxHeight = `${(isAbove ? at.top : innerHeight - at.bottom) - 2 * MARGIN_PX}px`;
}

export function Popover({ label, button, buttonClass, buttonLabel, title, children }: Props) {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  useLayoutEffect(() => {
    if (!isOpen || panel.current === null || opener.current === null) return;
    const [shown, by] = [panel.current, opener.current];
    const follow = () => place(shown, by);
    follow();
    shown
      .querySelector<HTMLElement>("[autofocus], input:checked, input, a[href], button:not(:disabled)")
      ?.focus();
    addEventListener("scroll", follow, { passive: true });
    addEventListener("resize", follow);
    return () => {
      removeEventListener("scroll", follow);
      removeEventListener("resize", follow);
    };
  }, [isOpen]);
  return (
    <>
      <button
        ref={opener}
        type="button"
        class={buttonClass}
        aria-label={buttonLabel}
        title={title}
        aria-haspopup="dialog"
        popovertarget={id}
      >
        {button}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        class="popover"
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {isOpen && children(() => panel.current?.hidePopover())}
      </div>
    </>
  );
}
