/** A time as it is read, with the exact one and its zone on hover. */
import { computed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { now } from "../clock.ts";
import { ago, exactly, until } from "../format.ts";

/** What a time is in words now. Only other words draw it again, not each second: a list has hundreds of them. */
const useWords = (words: (at: string, now: number) => string, at: string): string =>
  useMemo(() => computed(() => words(at, now.value)), [words, at]).value;

export function Ago({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exactly(at)}>
      {useWords(ago, at)}
    </time>
  );
}

export function Until({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exactly(at)}>
      {useWords(until, at)}
    </time>
  );
}
