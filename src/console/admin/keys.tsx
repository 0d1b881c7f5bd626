/** The keys of an org, as the operator sees them: never a key itself. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AdminOrg, ApiKey } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { now } from "../clock.ts";
import { dayTimeZone, exactly, visible } from "../format.ts";
import { AskFirst } from "../parts/ask-first.tsx";
import { Columns } from "../parts/columns.tsx";
import { Button, Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Section } from "../parts/section.tsx";
import { Status } from "../parts/status.tsx";
import { Ago, Until } from "../parts/time.tsx";
import { keyState } from "../usage-words.ts";
import { NewKeyDialog } from "./new-key.tsx";

const PAGE = 100;
const ROWS_LIMIT = 500;

export function Keys({ org }: { org: AdminOrg }) {
  const keys = useSignal<readonly ApiKey[] | null>(null);
  const next = useSignal<string | null>(null);
  const refused = useSignal<readonly ApiError[]>([]);
  const isMaking = useSignal(false);
  const revoking = useSignal<ApiKey | null>(null);
  const load = async (cursor: string | null = null) => {
    const path = `/v1/admin/orgs/${encodeURIComponent(org.user_id)}/keys`;
    const answer = await ask<ApiKey[]>("GET", path, { query: { limit: PAGE, cursor } });
    refused.value = answer.ok ? [] : answer.errors;
    if (!answer.ok) return;
    keys.value = [...(cursor === null ? [] : (keys.value ?? [])), ...answer.data];
    next.value = answer.next_cursor;
  };
  useEffect(() => void load(), []);
  const shown = keys.value;
  return (
    <Section
      id="keys"
      title="Keys"
      about="A key is shown once, when it is made. Revoked and expired ones stay in the list."
    >
      <Errors errors={refused.value} />
      {shown === null && refused.value.length === 0 && <Late />}
      {shown?.length === 0 && <p class="dim">There is no key: nobody can use this org.</p>}
      {shown !== null && shown.length > 0 && <List keys={shown} onRevoke={(key) => (revoking.value = key)} />}
      <div class="bar below">
        {org.state !== "erasing" && <Button onClick={() => (isMaking.value = true)}>Make a key …</Button>}
        {next.value !== null && (shown?.length ?? 0) < ROWS_LIMIT && (
          <Button onClick={() => load(next.value)}>Show older keys</Button>
        )}
      </div>
      {isMaking.value && (
        <NewKeyDialog org={org} onMade={() => void load()} onClose={() => (isMaking.value = false)} />
      )}
      {revoking.value !== null && (
        <Revoke
          apiKey={revoking.value}
          onRevoked={() => void load()}
          onClose={() => (revoking.value = null)}
        />
      )}
    </Section>
  );
}

const List = ({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke: (key: ApiKey) => void }) => (
  <table class="keys-table">
    <Columns names={["Key", "State", "May", "Last used", "Expires"]} hasActs />
    <tbody>
      {keys.map((key) => (
        <Row key={key.id} row={key} onRevoke={() => onRevoke(key)} />
      ))}
    </tbody>
  </table>
);

function Row({ row, onRevoke }: { row: ApiKey; onRevoke: () => void }) {
  const { id, name, prefix, scopes, last_used_at, expires_at, revoked_at, created_at } = row;
  const { kind, word } = keyState(row, now.value);
  return (
    <tr title={`${id}, made ${exactly(created_at)}`}>
      <td>
        {visible(name)}
        <br />
        <span class="mono dim">{prefix}…</span>
      </td>
      <td>
        <Status kind={kind}>{word}</Status>
      </td>
      <td class="wrapped" data-label="May">
        {scopes.join(", ")}
      </td>
      <td class="dim" data-label="Last used">
        {last_used_at === null ? "never" : <Ago at={last_used_at} />}
      </td>
      <td class="dim" data-label="Expires">
        {expires_at === null ? "never" : <Expiry at={expires_at} />}
      </td>
      <td class="right">{revoked_at === null && <Button onClick={onRevoke}>Revoke …</Button>}</td>
    </tr>
  );
}

const Expiry = ({ at }: { at: string }) =>
  Date.parse(at) > now.value ? <Until at={at} /> : <time dateTime={at}>{dayTimeZone(at)}</time>;

interface RevokeProps {
  apiKey: ApiKey;
  onRevoked: () => void;
  onClose: () => void;
}

function Revoke({ apiKey: { id, name, prefix }, onRevoked, onClose }: RevokeProps) {
  const act = async () => {
    const answer = await ask("DELETE", `/v1/admin/keys/${encodeURIComponent(id)}`);
    if (answer.ok) onRevoked();
    return answer;
  };
  return (
    <AskFirst title="Revoke this key?" act="Revoke key" onAct={act} onClose={onClose}>
      <p>
        <b>{visible(name)}</b> (<span class="mono">{prefix}…</span>) is refused everywhere within 60 s, and
        sessions that were opened with it end. It can't be undone.
      </p>
    </AskFirst>
  );
}
