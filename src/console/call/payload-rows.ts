/** The rows of a payload's tree: those that are open, in order. Pure; a value is named by where it begins in the text. */
import {
  around,
  childrenAt,
  countAt,
  type JsonChild,
  type JsonIndex,
  type JsonKind,
  kindAt,
} from "../json-text.ts";

/** So many members or elements are shown of each, and so many more each time. */
const CHILDREN_AT_ONCE = 200;

export interface TreeView {
  /** Where the objects and arrays begin that are open. */
  open: ReadonlySet<number>;
  /** How many children are shown of those of which it is more than at first. */
  shown: ReadonlyMap<number, number>;
}

interface Placed {
  depth: number;
  /** Its place among its siblings, from 1, and how many there are. */
  position: number;
  siblings: number;
}

export type TreeRow = Placed &
  (
    | { kind: JsonKind; child: JsonChild; count: number | null; isOpen: boolean }
    | { kind: "more"; of: number; shown: number }
  );

/** Opens the whole text, and whatever in it is small enough to be seen at a glance. */
export const firstView = (): TreeView => ({ open: new Set([0]), shown: new Map() });

export function rowsOf(index: JsonIndex, { open, shown }: TreeView): TreeRow[] {
  const rows: TreeRow[] = [];
  const whole: JsonChild = { name: null, start: 0, end: index.text.length };
  const toCome: TreeRow[] = [rowOf(index, open, whole, { depth: 1, position: 1, siblings: 1 })];
  for (let row = toCome.pop(); row !== undefined; row = toCome.pop()) {
    rows.push(row);
    if (row.kind === "more" || !row.isOpen) continue;
    const { depth, count, child } = row;
    const siblings = count ?? 0;
    const limit = shown.get(child.start) ?? CHILDREN_AT_ONCE;
    const next = depth + 1;
    if (siblings > limit)
      toCome.push({
        kind: "more",
        of: child.start,
        shown: limit,
        depth: next,
        position: limit + 1,
        siblings,
      });
    const children = childrenAt(index, child.start, limit);
    for (let each = children.length - 1; each >= 0; each--) {
      const below = children[each];
      if (below !== undefined)
        toCome.push(rowOf(index, open, below, { depth: next, position: each + 1, siblings }));
    }
  }
  return rows;
}

function rowOf(index: JsonIndex, open: ReadonlySet<number>, child: JsonChild, placed: Placed): TreeRow {
  const count = countAt(index, child.start);
  const isOpen = count !== null && count > 0 && open.has(child.start);
  return { ...placed, kind: kindAt(index.text, child.start), child, count, isOpen };
}

/** Opens or closes one. */
export function toggled({ open, shown }: TreeView, start: number): TreeView {
  const changed = new Set(open);
  if (!changed.delete(start)) changed.add(start);
  return { open: changed, shown };
}

export const withMore = ({ open, shown }: TreeView, start: number): TreeView => ({
  open,
  shown: new Map(shown).set(start, (shown.get(start) ?? CHILDREN_AT_ONCE) + CHILDREN_AT_ONCE),
});

/** So many are opened by one press. */
const OPENED_AT_ONCE = 2_000;

export const allOpen = ({ starts }: JsonIndex): TreeView => ({
  open: new Set(starts.subarray(0, OPENED_AT_ONCE)),
  shown: new Map(),
});

/** Opens whatever is around a place, far enough that its row is there. */
export function revealing(index: JsonIndex, view: TreeView, place: number): TreeView {
  const path = around(index, place);
  const shown = new Map(view.shown);
  for (const start of path) {
    const children = childrenAt(index, start);
    const position = children.findIndex(({ end }) => end > place) + 1;
    const least = Math.ceil(position / CHILDREN_AT_ONCE) * CHILDREN_AT_ONCE;
    if (least > (shown.get(start) ?? CHILDREN_AT_ONCE)) shown.set(start, least);
  }
  return { open: new Set([...view.open, ...path]), shown };
}

/** The row that a place of the text is in; -1 if it is not shown. */
export const rowAt = (rows: readonly TreeRow[], place: number): number =>
  rows.findLastIndex(
    (row) => row.kind !== "more" && (row.child.name ?? row.child).start <= place && place < row.child.end,
  );
