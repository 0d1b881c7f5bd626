/** What was done to the org, and by which key: page by page. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Act } from "../answers.ts";
import { now } from "../clock.ts";
import { ago, exactly, visible } from "../format.ts";
import { usePaged } from "../paged.ts";
import { Columns } from "../parts/columns.tsx";
import { Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Paging } from "../parts/paging.tsx";
import { Section } from "../parts/section.tsx";
import { caller } from "../session.ts";
import { actorWords, actWords, targetWords } from "./act-words.ts";

const PAGE_SIZE = 25;
const EVERY_MS = 60_000;

/** Grows with each act of this page, so that the list has it. */
export const acted = signal(0);

export function Audit() {
  const { rows, errors, reload, ...paging } = usePaged<Act>("/v1/org/audit", {
    everyMs: EVERY_MS,
    pageSize: PAGE_SIZE,
  });
  useEffect(() => {
    if (acted.value > 0) reload();
  }, [acted.value]);
  return (
    <Section
      id="audit"
      title="What was done"
      about="Each change to this org, with the key that made it. It is kept for 400 days; calls and sends are not in it."
    >
      <Errors errors={errors} />
      {rows === null && errors.length === 0 && <Late />}
      {rows?.length === 0 && <p class="dim">Nothing was changed yet.</p>}
      {rows !== null && rows.length > 0 && <Acts acts={rows} />}
      <Paging list={paging} />
    </Section>
  );
}

function Acts({ acts }: { acts: readonly Act[] }) {
  const own = caller.value?.key?.id;
  return (
    <table class="audit-acts">
      <Columns names={["When", "What", "On", "By"]} />
      <tbody>
        {acts.map(({ at, action, target, key_id, request_id }) => (
          <tr
            key={`${at} ${request_id} ${action}`}
            title={`${action} ${target ?? ""}, request ${request_id}`}
          >
            <td class="dim">
              <time dateTime={at} title={exactly(at)}>
                {ago(at, now.value)}
              </time>
            </td>
            <td>{actWords(action)}</td>
            <td class="mono wrapped">{visible(targetWords(target))}</td>
            <td class="wrapped">{actorWords(key_id, own)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
