/** The payload as a tree and as it is sent, with a search over both. */
import { useMemo, useState } from "preact/hooks";
import { copy } from "../announce.ts";
import { bytes, count } from "../format.ts";
import { indexJson } from "../json-text.ts";
import { type Found, MATCHES_LIMIT, placesInJson } from "../text-search.ts";
import { download } from "./download.ts";
import { PayloadRaw } from "./payload-raw.tsx";
import { PayloadTree } from "./payload-tree.tsx";

interface Props {
  body: string;
  call_id: string;
}

export function Payload({ body, call_id }: Props) {
  const index = useMemo(() => indexJson(body), [body]);
  const [isRaw, setRaw] = useState(false);
  const [typed, setTyped] = useState("");
  const [current, setCurrent] = useState(0);
  const { places, found } = useMemo(() => placesInJson(body, typed), [body, typed]);
  const go = (step: number) => {
    if (places.length > 0) setCurrent((current + step + places.length) % places.length);
  };
  const looked: Found = { needle: found, places, current };
  const size = useMemo(() => new TextEncoder().encode(body).length, [body]);
  return (
    <>
      <div class="bar payload-bar">
        <fieldset class="choice">
          <legend class="unseen">How it is shown</legend>
          <button type="button" class="chip" aria-pressed={!isRaw} onClick={() => setRaw(false)}>
            Tree
          </button>
          <button type="button" class="chip" aria-pressed={isRaw} onClick={() => setRaw(true)}>
            Raw
          </button>
        </fieldset>
        <search class="find">
          <input
            type="search"
            aria-label="Search the payload"
            placeholder="Search the payload"
            value={typed}
            onInput={({ currentTarget }) => {
              setTyped(currentTarget.value);
              setCurrent(0);
            }}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              go(event.shiftKey ? -1 : 1);
            }}
          />
          <button
            type="button"
            class="icon"
            aria-label="The match before"
            disabled={places.length === 0}
            onClick={() => go(-1)}
          >
            ↑
          </button>
          <button
            type="button"
            class="icon"
            aria-label="The next match"
            disabled={places.length === 0}
            onClick={() => go(1)}
          >
            ↓
          </button>
          <span class="dim small" role="status">
            {typed !== "" && matchWords(places.length, current)}
          </span>
        </search>
        <span class="grow" />
        <span class="dim small" title={`${count(size)} bytes`}>
          {bytes(size)}
        </span>
        <button type="button" class="button" onClick={() => void copy(body, "The payload")}>
          Copy
        </button>
        <button type="button" class="button" onClick={() => download(body, `${call_id}.json`)}>
          Download
        </button>
      </div>
      {isRaw ? <PayloadRaw body={body} found={looked} /> : <PayloadTree index={index} found={looked} />}
    </>
  );
}

const matchWords = (matches: number, current: number): string => {
  if (matches === 0) return "no match";
  return `${count(current + 1)} of ${matches === MATCHES_LIMIT ? "over " : ""}${count(matches)}`;
};
