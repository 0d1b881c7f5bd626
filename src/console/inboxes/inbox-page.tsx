/** One inbox: what it receives, live, and what it answers. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { announce, tell } from "../announce.ts";
import type { Inbox } from "../answers.ts";
import { messageOf } from "../api.ts";
import { counted, zone } from "../format.ts";
import { Button, Command, Empty, Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Until } from "../parts/time.tsx";
import { addressOf, go, query } from "../router.ts";
import { can } from "../session.ts";
import { Addresses } from "./addresses.tsx";
import { answerWords } from "./answer.ts";
import { InboxAnswer } from "./answer-form.tsx";
import { type Captures, withOlder } from "./captures.ts";
import { askPage } from "./captures-load.ts";
import { CapturesView } from "./captures-view.tsx";
import { DeleteInbox } from "./delete-dialog.tsx";
import { InboxTest } from "./inbox-test.tsx";
import { inboxes, inboxesRefused, useInboxes } from "./list.ts";
import { type Followed, useInbox } from "./stream.ts";

export function InboxPage() {
  const id = query.value.get("id") ?? "";
  return id === "" ? <Unnamed /> : <Named id={id} />;
}

const Unnamed = () => (
  <Empty title="The address names no inbox">
    <p>
      <a href={addressOf("inboxes")}>See the inboxes</a>
    </p>
  </Empty>
);

function Named({ id }: { id: string }) {
  const followed = useInbox(id);
  useInboxes();
  const { captures, gone } = followed;
  const inbox = inboxes.value?.find((one) => one.id === id);
  const isUnknown = inboxes.value !== null && inbox === undefined && captures.value === null;
  return (
    <>
      <p class="trail">
        <a href={addressOf("inboxes")}>Inboxes</a> / <span class="mono">{id.slice(0, 8)}</span>
      </p>
      {gone.value !== null || isUnknown ? <Gone /> : <Known id={id} inbox={inbox} followed={followed} />}
    </>
  );
}

const Gone = () => (
  <>
    <h1>Inbox</h1>
    <Empty title="There is no such inbox">
      <p>
        It has ended: an inbox lives for seven days, or until somebody deletes it. What it received is gone
        too.
      </p>
      <a class="button" href={addressOf("inboxes")}>
        See the inboxes
      </a>
    </Empty>
  </>
);

function Known({ id, inbox, followed }: { id: string; inbox: Inbox | undefined; followed: Followed }) {
  const { captures, how } = followed;
  const isDeleting = useSignal(false);
  // Not before what is shown above it: nothing moves down.
  const isThere = inboxes.value !== null || inboxesRefused.value.length > 0;
  const known = isThere ? captures.value : null;
  const rows = known?.rows.length ?? 0;
  useEffect(() => {
    if (rows > 0) announce(counted(rows, "request"));
  }, [rows]);
  const older = async () => {
    const answer = await askPage(`/v1/inboxes/${id}/requests`, { cursor: captures.value?.next ?? null });
    if (!answer.ok) tell(messageOf(answer), "bad");
    else if (captures.value !== null) captures.value = withOlder(captures.value, answer.data);
  };
  return (
    <>
      <div class="bar">
        <h1>
          Inbox <span class="mono">{id.slice(0, 8)}</span>
        </h1>
        <How how={how.value} />
        <span class="grow" />
        {inbox !== undefined && <InboxTest url={inbox.url} />}
        {inbox !== undefined && can("configure") && (
          <Button onClick={() => (isDeleting.value = true)}>Delete inbox …</Button>
        )}
      </div>
      {inbox !== undefined && <Said inbox={inbox} known={known} />}
      {inbox !== undefined && <Addresses inbox={inbox} />}
      {inbox !== undefined && <InboxAnswer inbox={inbox} />}
      {known === null && followed.refused.value.length === 0 && <Late />}
      <Errors errors={followed.refused.value} />
      {known !== null && rows > 0 && (
        <CapturesView captures={known} onOlder={older} callPage={(call) => addressOf("call", { id: call })} />
      )}
      {known !== null && rows === 0 && inbox !== undefined && <Nothing inbox={inbox} />}
      {isDeleting.value && inbox !== undefined && (
        <DeleteInbox
          inbox={inbox}
          onClose={() => (isDeleting.value = false)}
          onDeleted={() => go(addressOf("inboxes"))}
        />
      )}
    </>
  );
}

const HOWS = {
  stream: { text: "Live", isStale: false },
  asking: { text: "Live, each 2 s", isStale: false },
  lost: { text: "Connecting", isStale: true },
};

function How({ how }: { how: keyof typeof HOWS }) {
  const { text, isStale } = HOWS[how];
  return <span class={isStale ? "live is-stale" : "live"}>{text}</span>;
}

const Said = ({ inbox, known }: { inbox: Inbox; known: Captures | null }) => (
  <p class="sentence">
    It answers <b>{answerWords(inbox.respond)}</b>. {known !== null && <Count {...known} />}
    It ends <Until at={inbox.expires_at} />, with all that it has received. Times are {zone()}.
  </p>
);

function Count({ rows, next }: Captures) {
  const invalid = rows.filter(({ signature }) => signature === "invalid").length;
  if (rows.length === 0) return null;
  return (
    <>
      {next === null ? "" : "Over "}
      <b>{counted(rows.length, "request")}</b> {rows.length === 1 && next === null ? "is" : "are"} here
      {invalid > 0 && (
        <>
          ,{" "}
          <b class="is-bad">
            {invalid === 1 ? "one with a wrong signature" : `${invalid} with wrong signatures`}
          </b>
        </>
      )}
      .{" "}
    </>
  );
}

const Nothing = ({ inbox: { url } }: { inbox: Inbox }) => (
  <Empty title="Nothing has come yet">
    <p>
      Whatever is sent to its address shows up here at once, with its headers, its body and whether its
      signature is valid.
    </p>
    <Command text={`curl ${url} -d '{"hello": "inbox"}'`} />
  </Empty>
);
