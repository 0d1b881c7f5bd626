/** The payload as a tree: the arrow keys go through it, open and close. Only what is open is made, and of it a part. */
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { count, visible } from "../format.ts";
import { type JsonIndex, stringAt } from "../json-text.ts";
import { LongText, Marked } from "../parts/long-text.tsx";
import type { Found } from "../text-search.ts";
import {
  allOpen,
  firstView,
  revealing,
  rowAt,
  rowsOf,
  type TreeRow,
  type TreeView,
  toggled,
  withMore,
} from "./payload-rows.ts";
import { useWindow, WindowButtons } from "./window.tsx";

const ROWS = 400;
const SHOWN_CHARACTERS = 300;
/** Of what is closed so much is shown, on one line. */
const PREVIEW_CHARACTERS = 160;
/** Deeper levels are indented no further. */
const INDENTED_LEVELS = 24;

export function PayloadTree({ index, found }: { index: JsonIndex; found: Found }) {
  const id = useId();
  const [view, setView] = useState<TreeView>(firstView);
  const [active, setActive] = useState(0);
  const rows = useMemo(() => rowsOf(index, view), [index, view]);
  const window = useWindow(rows.length, ROWS);
  const tree = useRef<HTMLDivElement>(null);
  const place = found.places[found.current];

  const look = (at: number) => {
    const to = Math.max(0, Math.min(at, rows.length - 1));
    setActive(to);
    if (to < window.from || to >= window.to) window.show(Math.max(0, to - ROWS / 2));
  };
  // What is searched for is opened first; then its row is there to be looked at.
  useEffect(() => {
    if (place !== undefined) setView(revealing(index, view, place));
  }, [place, index]);
  useEffect(() => {
    const at = place === undefined ? -1 : rowAt(rows, place);
    if (at >= 0) look(at);
  }, [place, rows.length]);
  useEffect(() => {
    if (active > 0) tree.current?.querySelector(".is-active")?.scrollIntoView({ block: "nearest" });
  }, [active, window.from]);

  const press = (row: TreeRow) => {
    if (row.kind === "more") setView(withMore(view, row.of));
    else if (row.count !== null && row.count > 0) setView(toggled(view, row.child.start));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[active];
    const isOpen = row !== undefined && row.kind !== "more" && row.isOpen;
    const isClosed = row !== undefined && row.kind !== "more" && !isOpen && (row.count ?? 0) > 0;
    const parent = rows.findLastIndex((each, at) => at < active && each.depth < (row?.depth ?? 1));
    const keys: Record<string, () => void> = {
      ArrowDown: () => look(active + 1),
      ArrowUp: () => look(active - 1),
      Home: () => look(0),
      End: () => look(rows.length - 1),
      ArrowRight: () => (isClosed && row ? press(row) : isOpen ? look(active + 1) : undefined),
      ArrowLeft: () => (isOpen && row ? press(row) : look(Math.max(0, parent))),
      Enter: () => row && press(row),
      " ": () => row && press(row),
    };
    const act = keys[event.key];
    if (act === undefined || event.target !== tree.current) return;
    event.preventDefault();
    act();
  };

  return (
    <>
      <div class="bar small">
        <button type="button" class="link" onClick={() => setView(allOpen(index))}>
          Open all
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            setView(firstView());
            look(0);
          }}
        >
          Close all
        </button>
      </div>
      <WindowButtons window={window} total={rows.length} size={ROWS} what="Rows" />
      <div
        ref={tree}
        class="tree mono"
        role="tree"
        aria-label="Payload"
        tabIndex={0}
        aria-activedescendant={`${id}-${active}`}
        onKeyDown={onKeyDown}
      >
        {rows.slice(window.from, window.to).map((row, at) => (
          <Row
            key={row.kind === "more" ? `more ${row.of}` : row.child.start}
            id={`${id}-${window.from + at}`}
            text={index.text}
            row={row}
            isActive={window.from + at === active}
            needle={found.needle}
            onPress={() => {
              setActive(window.from + at);
              press(row);
            }}
          />
        ))}
      </div>
    </>
  );
}

interface RowProps {
  id: string;
  text: string;
  row: TreeRow;
  isActive: boolean;
  needle: string;
  onPress: () => void;
}

function Row({ id, text, row, isActive, needle, onPress }: RowProps) {
  const isMore = row.kind === "more";
  const canOpen = !isMore && (row.count ?? 0) > 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the tree has the focus and the keys
    <div
      id={id}
      role="treeitem"
      class={isActive ? "is-active" : ""}
      aria-level={row.depth}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={isActive}
      aria-expanded={canOpen ? row.isOpen : undefined}
      style={{ paddingInlineStart: `${Math.min(row.depth - 1, INDENTED_LEVELS) * 16 + 4}px` }}
      onClick={onPress}
    >
      <span class="twist" aria-hidden="true">
        {canOpen ? (row.isOpen ? "▾" : "▸") : ""}
      </span>
      {isMore ? (
        <span class="more">Show more: {count(row.siblings - row.shown)} are left</span>
      ) : (
        <>
          <Name text={text} row={row} needle={needle} />
          <Value text={text} row={row} needle={needle} />
        </>
      )}
    </div>
  );
}

type ValueRow = Exclude<TreeRow, { kind: "more" }>;

function Name({
  text,
  row: { child, depth, position },
  needle,
}: {
  text: string;
  row: ValueRow;
  needle: string;
}) {
  if (depth === 1) return null;
  if (child.name === null) return <span class="dim">{position - 1} </span>;
  const name = stringAt(text, child.name);
  return (
    <span class="name">
      <Marked
        text={name.length > SHOWN_CHARACTERS ? `${name.slice(0, SHOWN_CHARACTERS)}…` : name}
        needle={needle}
      />{" "}
    </span>
  );
}

function Value({
  text,
  row: { kind, child, count: children, isOpen },
  needle,
}: {
  text: string;
  row: ValueRow;
  needle: string;
}) {
  if (children !== null) {
    const [one, many] = kind === "object" ? ["member", "members"] : ["element", "elements"];
    return (
      <>
        {!isOpen && (
          <span class="preview">
            {visible(text.slice(child.start, Math.min(child.end, child.start + PREVIEW_CHARACTERS)))}
          </span>
        )}
        {children > 0 && (
          <span class="dim">
            {count(children)} {children === 1 ? one : many}
          </span>
        )}
      </>
    );
  }
  const shown = kind === "string" ? stringAt(text, child) : text.slice(child.start, child.end);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: a press within the text opens nothing
    <span class={`value is-${kind}`} onClick={(event) => event.stopPropagation()}>
      <LongText text={shown} step={SHOWN_CHARACTERS} needle={needle} />
    </span>
  );
}
