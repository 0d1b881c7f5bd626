/** One inbound number: where its calls go, with which events, and what can be done. */
import { useState } from "preact/hooks";
import type { InboundNumber, Org } from "../answers.ts";
import { endpointName, phone } from "../format.ts";
import { Button } from "../parts/form.tsx";
import { addressOf } from "../router.ts";
import { can } from "../session.ts";
import { NumberTest, type TestOutcome, TestResult } from "./number-test.tsx";
import { EVENTS_WORDS, eventsChoiceOf } from "./words.ts";

interface Props {
  number: InboundNumber;
  org: Org | null;
  onEdit: () => void;
  onDelete: () => void;
}

export function NumberRow({ number, org, onEdit, onDelete }: Props) {
  const [outcome, setOutcome] = useState<TestOutcome | null>(null);
  const { phone_number, webhook } = number;
  const which = <span class="unseen"> {phone_number}</span>;
  return (
    <tr>
      <td class="number">
        <a class="named" href={addressOf("calls", { q: phone_number })} title={`${phone_number}: its calls`}>
          {phone(phone_number)}
        </a>
      </td>
      <td class="where">
        {webhook === null ? (
          <OrgsUrl org={org} />
        ) : (
          <span class="mono" title={webhook}>
            {shownUrl(webhook)}
          </span>
        )}
        {can("send") && <TestResult outcome={outcome ?? undefined} />}
      </td>
      <td class="has">{EVENTS_WORDS[eventsChoiceOf(number)]}</td>
      <td class="acts">
        <div>
          {can("send") && <NumberTest phoneNumber={phone_number} onOutcome={setOutcome} />}
          {can("configure") && (
            <>
              <Button onClick={onEdit}>Edit{which}</Button>
              <Button onClick={onDelete}>Delete …{which}</Button>
            </>
          )}
        </div>
      </td>
    </tr>
  );
}

/** A query may matter here: it is part of where the calls go. */
const shownUrl = (url: string): string => `${endpointName(url)}${new URL(url).search}`;

const OrgsUrl = ({ org }: { org: Org | null }) =>
  org?.default_webhook === null ? (
    <span class="is-wait">
      The org's, and that is not set. <a href={addressOf("settings")}>Set it</a>
    </span>
  ) : (
    <span class="dim">
      The org's{org !== null && <span class="mono">: {shownUrl(org.default_webhook)}</span>}
    </span>
  );
