/**
 * A modal dialog. The browser keeps the focus in it, closes it on Escape, and gives the focus back afterwards. If
 * something was typed, Escape and the cross drop it only when used once more.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** It can't be closed without a decision: no Escape, no cross. */
  isFirm?: boolean;
  isWide?: boolean;
  /** Something that was typed before is in it. */
  hasDraft?: boolean;
}

export function Dialog({
  title,
  onClose,
  children,
  isFirm = false,
  isWide = false,
  hasDraft = false,
}: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  const isTyped = useRef(hasDraft);
  const [isWarned, setWarned] = useState(false);
  const leave = () => {
    if (isFirm) return;
    if (isTyped.current && !isWarned) setWarned(true);
    else onClose();
  };
  useLayoutEffect(() => {
    const { current: shown } = dialog;
    shown?.showModal();
    // The browser would begin with the cross.
    const first = shown?.querySelector<HTMLElement>("input, textarea, select");
    (first ?? shown?.querySelector("h2"))?.focus();
    if (first instanceof HTMLTextAreaElement) {
      first.setSelectionRange(0, 0); // the browser begins at its end
      first.scrollTop = 0;
    }
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
      onInput={({ target }) => {
        if (!isTextField(target)) return;
        isTyped.current = true;
        setWarned(false);
      }}
      onSubmit={() => setWarned(false)}
      onCancel={(event) => {
        event.preventDefault();
        leave();
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
          <button type="button" class="icon" aria-label="Close" onClick={leave}>
            ✕
          </button>
        )}
      </header>
      {children}
      <p role="alert" class={isWarned ? "note below" : "unseen"}>
        {isWarned && "Once more drops what you typed."}
      </p>
    </dialog>
  );
}

const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLTextAreaElement ||
  (target instanceof HTMLInputElement && !/^(checkbox|radio)$/.test(target.type));
