/** What lies below a call's attempts: what was said, what is sent, what was read from it, and how to verify it. */
import { useMemo } from "preact/hooks";
import type { AnyLog, AttemptWithDetails } from "../answers.ts";
import { bytes, count } from "../format.ts";
import { Empty } from "../parts/form.tsx";
import { query, setQuery } from "../router.ts";
import { citationCount, citationRows } from "./citation-rows.ts";
import { Citations } from "./citations.tsx";
import { conversationOf } from "./conversation.ts";
import type { LoadedCall } from "./data.ts";
import { Payload } from "./payload.tsx";
import { TabList } from "./tab-list.tsx";
import { Transcript } from "./transcript.tsx";
import { Verify } from "./verify.tsx";

const NAMES = ["transcript", "payload", "citations", "verify"] as const;
type Name = (typeof NAMES)[number];

interface Props {
  loaded: LoadedCall;
  log: AnyLog;
  body: string | null | undefined;
  chosen: AttemptWithDetails | undefined;
}

export function CallTabs({ loaded, log, body, chosen }: Props) {
  const { call } = loaded;
  const conversation = useMemo(() => conversationOf(call.payload, call.corrected_transcript), [call]);
  const citations = useMemo(() => citationRows(loaded.citations), [loaded]);
  const total = useMemo(() => citationCount(loaded.citations), [loaded]);
  const size = useMemo(() => (body == null ? null : new TextEncoder().encode(body).length), [body]);
  const chosenName = NAMES.find((name) => name === query.value.get("tab")) ?? "transcript";
  const isErased = log.payload_erased_at !== undefined;
  const titled = (title: string, aside: string | null) => (
    <>
      {title} {aside !== null && <span class="dim">{aside}</span>}
    </>
  );
  const tabs: { name: Name; title: preact.ComponentChildren }[] = [
    { name: "transcript", title: "Transcript" },
    { name: "payload", title: titled("Payload", size === null ? null : bytes(size)) },
    { name: "citations", title: titled("Citations", total === 0 ? null : count(total)) },
    { name: "verify", title: "Verify" },
  ];
  const panels: Record<Name, () => preact.JSX.Element> = {
    transcript: () => <Transcript {...{ conversation, citations, isErased }} />,
    payload: () =>
      body == null ? <NoPayload isErased={isErased} /> : <Payload body={body} call_id={call.call_id} />,
    citations: () => (
      <Citations
        {...{ citations, total }}
        isErased={isErased && total === 0}
        isHeld={log.status === "held"}
        call_id={call.call_id}
      />
    ),
    verify: () => <Verify attempt={chosen} body={body} isErased={isErased} />,
  };
  return (
    <TabList
      label="The call"
      tabs={tabs}
      chosen={chosenName}
      onChoose={(name) => setQuery({ tab: name === "transcript" ? null : name }, { replace: true })}
    >
      {panels[chosenName]()}
    </TabList>
  );
}

const NoPayload = ({ isErased }: { isErased: boolean }) =>
  isErased ? (
    <Empty title="The payload was erased">
      <p>The org erases it once the call was delivered. The log of what happened stays.</p>
    </Empty>
  ) : (
    <Empty title="There is no payload to show" />
  );
