/** A modal dialog. The browser keeps the focus in it, closes it on Escape, and gives the focus back afterwards. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

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
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    // The browser would begin with the cross.
    const first = dialog.current?.querySelector<HTMLElement>("input, textarea, select");
    (first ?? dialog.current?.querySelector("h2"))?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
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
