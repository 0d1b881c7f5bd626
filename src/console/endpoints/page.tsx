/** The org's endpoints: how each fares, in a sentence, and what can be done about it. */
import { useEffect, useState } from "preact/hooks";
import { announce } from "../announce.ts";
import type { Endpoint } from "../answers.ts";
import { alarmOf } from "../overview/words.ts";
import { usePaged } from "../paged.ts";
import { Button, Empty, Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Liveness } from "../parts/liveness.tsx";
import { Paging } from "../parts/paging.tsx";
import { Search, searched } from "../parts/search.tsx";
import { Sentence } from "../parts/status.tsx";
import { addressOf, query } from "../router.ts";
import { can } from "../session.ts";
import { isTroubled, troubled } from "../trouble.ts";
import { EndpointDialogs, type OpenDialog } from "./dialogs.tsx";
import { endpointStateOf, inOrder, isFound, listSentence, STATES } from "./list.ts";
import { ENDPOINT_WORDS } from "./state.ts";
import { EndpointsTable } from "./table.tsx";

const EVERY_MS = 5_000;

export function EndpointsPage() {
  const state = endpointStateOf(query.value.get("state"));
  const search = searched();
  const list = usePaged<Endpoint>("/v1/endpoints", { query: { state }, everyMs: EVERY_MS });
  const [open, setOpen] = useState<OpenDialog | null>(null);
  const ofState = inOrder((list.rows ?? []).filter((endpoint) => state === null || endpoint.state === state));
  const shown = search === "" ? ofState : ofState.filter((endpoint) => isFound(endpoint, search));
  const isWhole = state === null && list.isCurrent && !list.hasMore && !list.hasEarlier;
  useAlarm(isWhole ? ofState : null);
  const isNew = isWhole && ofState.length === 0;
  return (
    <>
      <div class="bar">
        <h1>Endpoints</h1>
        <Liveness staleSince={list.staleSince} />
        <span class="grow" />
        <Search label="Search the endpoints" placeholder="URL or description" />
        {can("configure") && <Button onClick={() => setOpen({ what: "new", url: "" })}>Add endpoint</Button>}
      </div>
      {state === null && ofState.length > 0 && (
        <p class="sentence">
          <Sentence parts={listSentence(ofState, list.hasMore)} />
        </p>
      )}
      {!isNew && <StateChips state={state} />}
      <Errors errors={list.errors} />
      {list.rows === null && list.errors.length === 0 && <Late />}
      {isNew && <NoEndpoint />}
      {shown.length > 0 && (
        <EndpointsTable
          endpoints={shown}
          onDone={list.reload}
          onSettings={(endpoint) => setOpen({ what: "settings", endpoint })}
        />
      )}
      {shown.length === 0 && list.isCurrent && !isNew && (
        <NoneFound
          {...{ search, state, hasMore: list.hasMore }}
          onAdd={(url) => setOpen({ what: "new", url })}
        />
      )}
      <Paging list={list} />
      <EndpointDialogs {...{ open, setOpen }} onDone={list.reload} />
    </>
  );
}

/** Tells what changed to whoever does not see it, and keeps the number beside "Endpoints" as new as the page. */
function useAlarm(all: readonly Endpoint[] | null): void {
  const alarm = all === null ? "" : alarmOf(all, 0);
  const down = all?.filter(isTroubled).length;
  useEffect(() => {
    if (alarm !== "") announce(alarm);
  }, [alarm]);
  useEffect(() => {
    if (down !== undefined) troubled.value = down;
  }, [down]);
}

const StateChips = ({ state }: { state: Endpoint["state"] | null }) => (
  <nav class="bar" aria-label="State">
    {[null, ...STATES].map((each) => (
      <a
        key={each ?? "all"}
        class="chip"
        href={addressOf("endpoints", { ...Object.fromEntries(query.value), state: each })}
        aria-current={each === state ? "true" : undefined}
      >
        {each === null ? "All" : ENDPOINT_WORDS[each]}
      </a>
    ))}
  </nav>
);

const NoEndpoint = () => (
  <Empty title="No endpoint needs anything">
    <p>
      An endpoint is a URL that calls go to. It shows here once it has failed, is paused, or has settings of
      its own; one that always takes its calls needs no entry.
    </p>
    <p>
      Add one to give it a rate, a timeout, headers such as <code>authorization</code>, or a description,
      before its first call. <a href="/docs/endpoints">The guide to endpoints</a>
    </p>
  </Empty>
);

interface NoneFoundProps {
  search: string;
  state: Endpoint["state"] | null;
  hasMore: boolean;
  onAdd: (url: string) => void;
}

const NoneFound = ({ search, state, hasMore, onAdd }: NoneFoundProps) => (
  <Empty
    title={search === "" ? `None is ${ENDPOINT_WORDS[state ?? "active"].toLowerCase()}` : "None is found"}
  >
    {search !== "" && (
      <p>
        {hasMore
          ? "Only the first of them were searched: show more to look on."
          : "One that never failed and has no settings is not listed."}
      </p>
    )}
    {search !== "" && !hasMore && URL.canParse(search) && can("configure") && (
      <Button onClick={() => onAdd(search)}>Set it up</Button>
    )}
  </Empty>
);
