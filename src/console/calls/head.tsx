/** The head of the calls' page: whether it is live, the search, and the counts. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Stats } from "../answers.ts";
import { pausedUntil } from "../api.ts";
import { now } from "../clock.ts";
import { count, timeOfDay, zone } from "../format.ts";
import { query, setQuery } from "../router.ts";
import { type Filter, readSearch } from "./filter.ts";
import { list } from "./list.ts";
import { perMinute } from "./rows.ts";
import { summaryOf } from "./summary.ts";

/** So long without news is still live: a poll, its answer, and some patience. */
const LIVE_MS = 6_000;

export function Live({ isOpen }: { isOpen: boolean }) {
  const { goodAt, isFailing, rows, isCostly } = list.value;
  if (goodAt === 0) return null;
  const isPaused = (pausedUntil.value?.until ?? 0) > now.value;
  const patience = isCostly ? 4 * LIVE_MS : LIVE_MS;
  if ((isFailing || isPaused) && now.value - goodAt > patience)
    return (
      <span class="live is-stale" title={`Times are ${zone()}`}>
        Stale since {timeOfDay(goodAt)}
      </span>
    );
  const rate = isOpen ? perMinute(rows, now.value) : 0;
  return <span class="live">{rate > 0 ? `Live, ${count(rate)} a minute` : "Live"}</span>;
}

const TYPING_MS = 350;

/** What is typed becomes the address's query after a moment, or at once on Enter. */
export function SearchBox({ filter }: { filter: Filter }) {
  const box = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(filter.q);
  const [why, setWhy] = useState<string | null>(null);
  const timer = useRef(0);
  // The address may change by other means: the back button, a chip that is cleared.
  useEffect(() => {
    const read = readSearch(box.current?.value ?? "");
    if (read.ok && read.q === filter.q) return;
    setText(filter.q);
    setWhy(null);
  }, [filter.q]);
  useEffect(() => {
    if (query.value.get("find") === null) return;
    box.current?.focus();
    setQuery({ find: null }, { replace: true });
  }, []);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const search = (typed: string) => {
    window.clearTimeout(timer.current);
    const read = readSearch(typed);
    setWhy(read.ok ? null : read.why);
    if (read.ok && read.q !== filter.q) setQuery({ q: read.q }, { replace: filter.q !== "" });
  };
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          search(text);
        }}
      >
        <input
          ref={box}
          type="search"
          aria-label="Call id or phone number"
          aria-describedby="search-why"
          aria-invalid={why !== null || undefined}
          placeholder="Call id or phone number"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={({ currentTarget: { value } }) => {
            setText(value);
            setWhy(null);
            window.clearTimeout(timer.current);
            timer.current = window.setTimeout(() => search(value), TYPING_MS);
          }}
          onKeyDown={(event) => event.key === "Escape" && text === "" && event.currentTarget.blur()}
        />
        {text === "" && <kbd>/</kbd>}
      </form>
      <p id="search-why" role="status" class={why === null ? "unseen" : "note is-bad"}>
        {why}
      </p>
    </search>
  );
}

/** "52,310 calls, 52,118 delivered, 14 failed": each state shows its calls. */
export function Summary({ figures, isOld }: { figures: Stats | null; isOld: boolean }) {
  if (figures === null) return <p class="summary" />;
  const { total, parts } = summaryOf(figures);
  return (
    <p
      class={`summary ${isOld ? "is-loading" : ""}`}
      title={figures.sampled ? "Scaled up from a sample" : undefined}
    >
      {total}
      {parts.map(({ text, title, filter }) => (
        <span key={filter.status ?? "waiting"}>
          {", "}
          <button type="button" class="link" title={title} onClick={() => setQuery(filter)}>
            {text}
          </button>
        </span>
      ))}
    </p>
  );
}
