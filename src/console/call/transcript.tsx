/** The call as a conversation. What citations refer to is underlined, and what they read from it stands beside it. */
import { useMemo } from "preact/hooks";
import { counted, visible } from "../format.ts";
import { Empty } from "../parts/form.tsx";
import { LongText } from "../parts/long-text.tsx";
import type { CitationRow } from "./citation-rows.ts";
import { type Conversation, citedRanges, clockOf, type Segment, segmentsOf } from "./conversation.ts";
import { useWindow, WindowButtons } from "./window.tsx";

/** Longer ones are cut, with a button for the rest. */
const SHOWN_CHARACTERS = 1_500;

interface Props {
  conversation: Conversation;
  citations: readonly CitationRow[];
  isErased: boolean;
}

export function Transcript({ conversation, citations, isErased }: Props) {
  const { utterances, source, without_text } = conversation;
  const ranges = useMemo(() => citedRanges(utterances, citations), [utterances, citations]);
  const window = useWindow(utterances.length);
  if (source === null)
    return (
      <Empty title={isErased ? "The transcript was erased" : "There is no transcript"}>
        <p>
          {isErased ? (
            "It went with the payload once the call was delivered."
          ) : (
            <>
              It is read from the payload's <code>transcripts</code>, <code>corrected_transcript</code> or{" "}
              <code>concatenated_transcript</code>.
            </>
          )}
        </p>
      </Empty>
    );
  return (
    <>
      {source !== "transcripts" && (
        <p class="dim small">
          From <code>{source}</code>: there are no <code>transcripts</code>.
        </p>
      )}
      {without_text > 0 && (
        <p class="dim small">
          {counted(without_text, "entry has", "entries have")} no text: see the payload for{" "}
          {without_text === 1 ? "it" : "them"}.
        </p>
      )}
      <WindowButtons window={window} total={utterances.length} what="Utterances" />
      <ol class="says">
        {utterances.slice(window.from, window.to).map(({ speaker, text, seconds }, at) => {
          const place = window.from + at;
          const shown = text.slice(0, SHOWN_CHARACTERS);
          const segments = segmentsOf(shown, ranges[place] ?? []);
          const cited = [...new Set(segments.flatMap((segment) => segment.cited))];
          return (
            <li key={place} class={speaker === "action" ? "is-action" : ""}>
              <span>
                {visible(speaker.slice(0, 40))}
                {seconds !== null && <time>{clockOf(seconds)}</time>}
              </span>
              <p>
                <Segments segments={segments} />
                {text.length > shown.length && <LongText text={text.slice(shown.length)} />}
              </p>
              {cited.length > 0 && <Cited citations={citations} cited={cited} />}
            </li>
          );
        })}
      </ol>
    </>
  );
}

const Segments = ({ segments }: { segments: readonly Segment[] }) => (
  <>
    {segments.map(({ text, cited }, at) =>
      cited.length === 0 ? visible(text) : <mark key={at}>{visible(text)}</mark>,
    )}
  </>
);

/** So many are shown beside one utterance. */
const BESIDE = 6;

const Cited = ({ citations, cited }: { citations: readonly CitationRow[]; cited: readonly number[] }) => (
  <ul>
    {cited.slice(0, BESIDE).map((each) => (
      <li key={each}>
        <code>{visible((citations[each]?.variable ?? "").slice(0, 80)) || "–"}</code> ={" "}
        {visible((citations[each]?.value ?? "").slice(0, 120))}
      </li>
    ))}
    {cited.length > BESIDE && <li>and {cited.length - BESIDE} more</li>}
  </ul>
);
