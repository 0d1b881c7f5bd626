/** Keeps a form from being sent twice: while the first sending goes on, another one is ignored. */
import { useRef } from "preact/hooks";

export function useOnce(send: () => Promise<void>): () => Promise<void> {
  const isSending = useRef(false);
  return async () => {
    if (isSending.current) return;
    isSending.current = true;
    try {
      await send();
    } finally {
      isSending.current = false;
    }
  };
}
