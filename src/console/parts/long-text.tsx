/** Text from outside: its first part, and the rest by a button. Hidden characters are shown as their code points. */
import { useState } from "preact/hooks";
import { count, visible } from "../format.ts";
import { piecesOf } from "../text-search.ts";

interface Props {
  text: string;
  /** How many characters are shown at first, and so many more each time. */
  step?: number;
  /** What is marked in it. */
  needle?: string;
}

export function LongText({ text, step = 2_000, needle = "" }: Props) {
  const [shown, setShown] = useState(step);
  const left = text.length - shown;
  return (
    <>
      <Marked text={text.slice(0, shown)} needle={needle} />
      {left > 0 && (
        <>
          {"… "}
          <button type="button" class="link" onClick={() => setShown(shown + 10 * step)}>
            {left > 10 * step
              ? `Show ${count(10 * step)} more of ${count(left)} characters`
              : `Show the other ${count(left)} characters`}
          </button>
        </>
      )}
    </>
  );
}

/** `current`: which of the matches is the one that somebody looks at. */
export function Marked({
  text,
  needle = "",
  current = -1,
}: {
  text: string;
  needle?: string;
  current?: number;
}) {
  if (needle === "") return <>{visible(text)}</>;
  return (
    <>
      {piecesOf(text, needle).map((piece, place) =>
        place % 2 === 0 ? (
          visible(piece)
        ) : (
          <mark key={place} class={(place - 1) / 2 === current ? "is-current" : ""}>
            {visible(piece)}
          </mark>
        ),
      )}
    </>
  );
}
