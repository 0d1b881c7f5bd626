/** The payload as it is sent, byte for byte; of a large one a part at a time. */
import { useEffect, useRef } from "preact/hooks";
import { Marked } from "../parts/long-text.tsx";
import type { Found } from "../text-search.ts";
import { useWindow, WindowButtons } from "./window.tsx";

const PART = 32_000;

export function PayloadRaw({ body, found: { needle, places, current } }: { body: string; found: Found }) {
  const window = useWindow(body.length, PART);
  const shown = useRef<HTMLPreElement>(null);
  const place = places[current];
  const { from, to, show } = window;

  // Of a match that is looked at the part is shown, and the match itself comes into sight.
  useEffect(() => {
    if (place === undefined) return;
    if (place < from || place + needle.length > to) show(Math.max(0, place - 2_000));
    shown.current?.querySelector("mark.is-current")?.scrollIntoView({ block: "nearest" });
  }, [place, needle, from, to]);

  const before = places.filter((each) => each >= from && each < (place ?? 0)).length;
  return (
    <>
      <WindowButtons window={window} total={body.length} size={PART} what="Characters" />
      <pre ref={shown} class="raw">
        <Marked text={body.slice(from, to)} needle={needle} current={place === undefined ? -1 : before} />
      </pre>
    </>
  );
}
