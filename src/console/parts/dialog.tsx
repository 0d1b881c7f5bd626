/** A modal dialog. The browser keeps the focus in it, closes it on Escape, and gives the focus back afterwards. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** It can't be closed without a decision: no Escape, no cross. */
  isFirm?: boolean;
  isWide?: boolean;
}

export function Dialog({ title, onClose, children, isFirm = false, isWide = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  useLayoutEffect(() => {
    const { current: shown } = dialog;
    shown?.showModal();
    // The browser would begin with the cross.
    const first = shown?.querySelector<HTMLElement>("input, textarea, select");
    (first ?? shown?.querySelector("h2"))?.focus();
    return () => {
      isGone.current = true;
      shown?.close(); // at once: a key that comes later must find the focus where it was
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={isWide ? "is-wide" : ""}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        if (!isFirm) onClose();
      }}
      onClose={() => {
        // A browser closes a dialog on the second Escape, whatever became of the first.
        if (isGone.current) return;
        if (isFirm) dialog.current?.showModal();
        else onClose();
      }}
    >
      <header>
        <h2 tabIndex={-1}>{title}</h2>
        {!isFirm && (
          <button type="button" class="icon" aria-label="Close" onClick={onClose}>
            ✕
          </button>
        )}
      </header>
      {children}
    </dialog>
  );
}
