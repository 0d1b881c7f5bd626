/** Goes on in a list that has more than a page. */
import type { Paged } from "../paged.ts";
import { Button } from "./form.tsx";

export function Paging({
  list,
}: {
  list: Pick<Paged<unknown>, "hasMore" | "hasEarlier" | "more" | "earlier">;
}) {
  if (!list.hasMore && !list.hasEarlier) return null;
  return (
    <div class="bar paging">
      {list.hasEarlier && <Button onClick={list.earlier}>Show earlier ones</Button>}
      {list.hasMore && <Button onClick={list.more}>Show more</Button>}
    </div>
  );
}
