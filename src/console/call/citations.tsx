/** What was read from the conversation: a row a citation. */

import { visible } from "../format.ts";
import { Columns } from "../parts/columns.tsx";
import { Empty } from "../parts/form.tsx";
import { LongText } from "../parts/long-text.tsx";
import type { CitationRow } from "./citation-rows.ts";
import { useWindow, WindowButtons } from "./window.tsx";

interface Props {
  citations: readonly CitationRow[];
  /** Of them all, also those that are not looked at. */
  total: number;
  isHeld: boolean;
  isErased: boolean;
  call_id: string;
}

export function Citations({ citations, total, isHeld, isErased, call_id }: Props) {
  const window = useWindow(citations.length);
  if (isErased)
    return (
      <Empty title="The citations were erased">
        <p>They went with the payload once the call was delivered.</p>
      </Empty>
    );
  if (citations.length === 0)
    return (
      <Empty title={isHeld ? "The call waits for its citations" : "No citations were reported"}>
        <p>
          They are posted to <code>/v1/postcall/calls/{call_id}/citations</code>. See the{" "}
          <a href="/docs/citations">guide to citations</a>.
        </p>
      </Empty>
    );
  return (
    <>
      <WindowButtons window={window} total={citations.length} what="Citations" />
      <div class="scrolled">
        <table class="citations">
          <Columns names={["Variable", "Type", "Value", "Said"]} />
          <tbody>
            {citations.slice(window.from, window.to).map(({ variable, type, value, said }, at) => (
              <tr key={window.from + at}>
                <td class="mono">{visible(variable.slice(0, 200)) || "–"}</td>
                <td class="dim">{visible(type.slice(0, 80)) || "–"}</td>
                <td>
                  <LongText text={value} step={300} />
                </td>
                <td>
                  {said.length === 0 && <span class="dim">–</span>}
                  {said.slice(0, 5).map(({ text }, place) => (
                    <q key={place}>
                      <LongText text={text} step={300} />
                    </q>
                  ))}
                  {said.length > 5 && <span class="dim">and {said.length - 5} more</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {total > citations.length && (
        <p class="dim small">The first {citations.length} are shown; the payload has all.</p>
      )}
    </>
  );
}
