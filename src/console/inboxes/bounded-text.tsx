/** A text from outside, of which only the beginning is in the page until more is asked for. */
import { useState } from "preact/hooks";
import { count, visible } from "../format.ts";

const FIRST_CHARACTERS = 20_000;
const MORE_CHARACTERS = 200_000;

/** Give it a key of what it shows: another text begins anew. */
export function BoundedText({ text }: { text: string }) {
  const [shown, setShown] = useState(FIRST_CHARACTERS);
  const left = text.length - shown;
  return (
    <>
      <pre>{visible(text.slice(0, shown))}</pre>
      {left > 0 && (
        <p class="more-below">
          <button type="button" class="button" onClick={() => setShown(shown + MORE_CHARACTERS)}>
            Show {left > MORE_CHARACTERS ? `${count(MORE_CHARACTERS)} of ` : ""}the {count(left)} characters
            left
          </button>
        </p>
      )}
    </>
  );
}
