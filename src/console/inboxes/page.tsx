/** The inboxes: receivers of our own, to see what a receiver would get. */
import { useSignal } from "@preact/signals";
import { copy, tell } from "../announce.ts";
import type { Inbox } from "../answers.ts";
import { ask, messageOf } from "../api.ts";
import { counted } from "../format.ts";
import { Columns } from "../parts/columns.tsx";
import { Button, Copied, Empty, Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Until } from "../parts/time.tsx";
import { addressOf, go } from "../router.ts";
import { can } from "../session.ts";
import { answerWords } from "./answer.ts";
import { DeleteInbox } from "./delete-dialog.tsx";
import { inboxes, inboxesRefused, keepInbox, useInboxes } from "./list.ts";

async function make(): Promise<void> {
  const answer = await ask<Inbox>("POST", "/v1/inboxes", { json: {} });
  if (!answer.ok) return tell(messageOf(answer), "bad");
  keepInbox(answer.data);
  go(addressOf("inbox", { id: answer.data.id }));
}

export function InboxesPage() {
  useInboxes();
  const known = inboxes.value;
  return (
    <>
      <div class="bar">
        <h1>Inboxes</h1>
        <span class="grow" />
        {can("configure") && (
          <Button kind="primary" onClick={make}>
            Make an inbox
          </Button>
        )}
      </div>
      <Errors errors={inboxesRefused.value} />
      {known === null && inboxesRefused.value.length === 0 && <Late />}
      {known !== null && known.length > 0 && (
        <>
          <p class="sentence">
            <b>{counted(known.length, "inbox", "inboxes")}</b> {known.length === 1 ? "takes" : "take"}{" "}
            whatever is sent to {known.length === 1 ? "it" : "them"}, and answers as you like. Each lives for
            seven days.
          </p>
          <List known={known} />
        </>
      )}
      {known !== null && known.length === 0 && <Nothing />}
    </>
  );
}

function List({ known }: { known: readonly Inbox[] }) {
  const deleting = useSignal<Inbox | null>(null);
  return (
    <>
      <table class="inboxes">
        <Columns
          names={[
            "Inbox",
            "Takes requests at",
            "Read-only page for somebody without a key",
            "Answers",
            "Ends",
          ]}
          hasActs
        />
        <tbody>
          {known.map((inbox) => (
            <Row key={inbox.id} inbox={inbox} onDelete={() => (deleting.value = inbox)} />
          ))}
        </tbody>
      </table>
      {deleting.value !== null && (
        <DeleteInbox inbox={deleting.value} onClose={() => (deleting.value = null)} />
      )}
    </>
  );
}

function Row({ inbox, onDelete }: { inbox: Inbox; onDelete: () => void }) {
  const { id, url, view_url, respond, expires_at } = inbox;
  return (
    <tr>
      <td>
        <a class="mono" href={addressOf("inbox", { id })}>
          {id.slice(0, 8)}
        </a>
      </td>
      <td>
        <Copied text={url} what="The address">
          {shortened(url)}
        </Copied>
      </td>
      <td>
        {view_url !== undefined && (
          <span class="bar">
            <Button onClick={() => copy(view_url, "The page's address")}>Copy its address</Button>
            <a class="button" href={view_url} target="_blank" rel="noreferrer">
              Open
            </a>
          </span>
        )}
      </td>
      <td data-label="Answers">{answerWords(respond)}</td>
      <td class="dim" data-label="Ends">
        <Until at={expires_at} />
      </td>
      <td class="right">{can("configure") && <Button onClick={onDelete}>Delete …</Button>}</td>
    </tr>
  );
}

/** An inbox's address with the beginning of its id, which is 64 characters. */
const shortened = (url: string): string =>
  url.replace(/^https?:\/\//, "").replace(/([0-9a-f]{8})[0-9a-f]{56}$/, "$1…");

const Nothing = () => (
  <Empty title="An inbox shows what a receiver would get">
    <p>
      It is a receiver of our own. Send a test, or real calls, to its address: you see each request at once,
      with its headers, its body and whether its signature is valid. You say what it answers: 503 to see the
      retries, 410 to see what happens to an address that is gone, or nothing for 20 seconds.
    </p>
    <p>Its read-only page can be shown to somebody who has no key, such as who writes the receiver.</p>
    {can("configure") ? (
      <Button kind="primary" onClick={make}>
        Make an inbox
      </Button>
    ) : (
      <p class="dim">
        To make one, a key needs the scope <code>configure</code>.
      </p>
    )}
  </Empty>
);
