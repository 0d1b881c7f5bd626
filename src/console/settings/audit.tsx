/** What was done to the org, and by which key: page by page. */
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Act } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { now } from "../clock.ts";
import { ago, exactly, visible } from "../format.ts";
import { Button, Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Section } from "../parts/section.tsx";
import { caller } from "../session.ts";
import { actorWords, actWords, targetWords } from "./act-words.ts";

const PAGE = 25;
const ROWS_LIMIT = 500;

/** Grows with each act of this page, so that the list has it. */
export const acted = signal(0);

export function Audit() {
  const acts = useSignal<readonly Act[] | null>(null);
  const next = useSignal<string | null>(null);
  const refused = useSignal<readonly ApiError[]>([]);
  const load = async (cursor: string | null) => {
    const query = { limit: PAGE, cursor };
    const answer = await ask<Act[]>("GET", "/v1/org/audit", { query });
    refused.value = answer.ok ? [] : answer.errors;
    if (!answer.ok) return;
    acts.value = [...(cursor === null ? [] : (acts.value ?? [])), ...answer.data];
    next.value = answer.next_cursor;
  };
  useEffect(() => void load(null), [acted.value]);
  const shown = acts.value;
  return (
    <Section
      id="audit"
      title="What was done"
      about="Each change to this org, with the key that made it. It is kept for 400 days; calls and sends are not in it."
    >
      <Errors errors={refused.value} />
      {shown === null && refused.value.length === 0 && <Late />}
      {shown?.length === 0 && <p class="dim">Nothing was changed yet.</p>}
      {shown !== null && shown.length > 0 && <Acts acts={shown} />}
      {next.value !== null && (shown?.length ?? 0) < ROWS_LIMIT && (
        <div class="bar below">
          <Button onClick={() => load(next.value)}>Show older acts</Button>
        </div>
      )}
      {next.value !== null && (shown?.length ?? 0) >= ROWS_LIMIT && (
        <p class="dim small">
          These are the newest {ROWS_LIMIT}. <code>GET /v1/org/audit</code> has the older ones.
        </p>
      )}
    </Section>
  );
}

function Acts({ acts }: { acts: readonly Act[] }) {
  const own = caller.value?.key?.id;
  return (
    <table class="audit-acts">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">On</th>
          <th scope="col">By</th>
        </tr>
      </thead>
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
