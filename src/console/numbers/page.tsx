/** Where the calls to the org's phone numbers go, with a test beside each. */
import { useState } from "preact/hooks";
import type { InboundNumber, Org } from "../answers.ts";
import { ask } from "../api.ts";
import { useLive } from "../live.ts";
import { usePaged } from "../paged.ts";
import { Columns } from "../parts/columns.tsx";
import { Button, Empty, Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Paging } from "../parts/paging.tsx";
import { Search, searched } from "../parts/search.tsx";
import { can } from "../session.ts";
import { DeleteNumber } from "./delete-dialog.tsx";
import { NumberDialog } from "./number-dialog.tsx";
import { NumberRow } from "./row.tsx";
import { isNumberFound, numbersSentence } from "./words.ts";

/** Numbers change seldom, and by hand. */
const EVERY_MS = 30_000;

type Open = { what: "edit" | "delete"; number: InboundNumber } | { what: "new" };

export function NumbersPage() {
  const list = usePaged<InboundNumber>("/v1/inbound", { everyMs: EVERY_MS });
  const org = useOrg();
  const [open, setOpen] = useState<Open | null>(null);
  const search = searched();
  const rows = list.rows ?? [];
  const shown = search === "" ? rows : rows.filter((number) => isNumberFound(number, search));
  const isNew = list.rows !== null && rows.length === 0 && !list.hasEarlier;
  const close = () => setOpen(null);
  const done = { onDone: list.reload, onClose: close };
  return (
    <>
      <div class="bar">
        <h1>Numbers</h1>
        <span class="grow" />
        {!isNew && <Search label="Search the numbers" placeholder="Number or URL" />}
        {can("configure") && <Button onClick={() => setOpen({ what: "new" })}>Add number</Button>}
      </div>
      {rows.length > 0 && <p class="sentence">{numbersSentence(rows, list.hasMore)}</p>}
      {list.errors.length > 0 && <Errors errors={list.errors} />}
      {list.rows === null && list.errors.length === 0 && <Late />}
      {isNew && <NoNumber />}
      {shown.length > 0 && (
        <NumbersTable numbers={shown} org={org} onOpen={(what, number) => setOpen({ what, number })} />
      )}
      {shown.length === 0 && rows.length > 0 && (
        <Empty title="None is found">
          {list.hasMore && <p>Only the first of them were searched: show more to look on.</p>}
        </Empty>
      )}
      <Paging list={list} />
      {open?.what === "new" && <NumberDialog number={null} {...done} />}
      {open?.what === "edit" && <NumberDialog number={open.number} {...done} />}
      {open?.what === "delete" && <DeleteNumber number={open.number} {...done} />}
    </>
  );
}

function useOrg(): Org | null {
  const [org, setOrg] = useState<Org | null>(null);
  const load = async (signal: AbortSignal) => {
    const answer = await ask<Org>("GET", "/v1/org", { signal });
    if (answer.ok) setOrg(answer.data);
  };
  useLive(load, { everyMs: EVERY_MS });
  return org;
}

interface TableProps {
  numbers: readonly InboundNumber[];
  org: Org | null;
  onOpen: (what: "edit" | "delete", number: InboundNumber) => void;
}

const NumbersTable = ({ numbers, org, onOpen }: TableProps) => (
  <table class="stacks numbers">
    <Columns names={["Number", "Webhook URL", "What is sent"]} hasActs />
    <tbody>
      {numbers.map((number) => (
        <NumberRow
          key={number.phone_number}
          {...{ number, org }}
          onEdit={() => onOpen("edit", number)}
          onDelete={() => onOpen("delete", number)}
        />
      ))}
    </tbody>
  </table>
);

const NoNumber = () => (
  <Empty title="No number has a webhook of its own">
    <p>
      Calls go to the org's default URL unless their number has one. Give an inbound number its own when its
      calls belong to another team or customer: a call with <code>"inbound": true</code> goes by the number in
      its <code>to</code>.
    </p>
    <p>
      “Test webhook” beside a number then sends a sample there, and says what came back.{" "}
      <a href="/docs/send">The guide to sending</a>
    </p>
  </Empty>
);
