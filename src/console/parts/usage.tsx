/** How much of what may be stored is: a bar with words. */
import { storedOf } from "../usage-words.ts";

export function StoredBar({ stored_bytes, stored_gb }: { stored_bytes: number; stored_gb: number }) {
  const { share, kind, text } = storedOf(stored_bytes, stored_gb);
  return (
    <span class={`meter is-${kind}`}>
      <span class="meter-bar" aria-hidden="true">
        {share > 0 && <i style={{ width: `${share * 100}%` }} />}
      </span>
      <span class="meter-text">{text}</span>
    </span>
  );
}
