/** The operator's page: all orgs, and one of them with its limits and keys. */
import { useSignal } from "@preact/signals";
import type { AdminOrg } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { counted, visible } from "../format.ts";
import { useLive } from "../live.ts";
import { usePaged } from "../paged.ts";
import { Button, Copied, Empty, Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Paging } from "../parts/paging.tsx";
import { Ago } from "../parts/time.tsx";
import { StoredBar } from "../parts/usage.tsx";
import { addressOf, go, query } from "../router.ts";
import { DEFAULT_STORED_GB } from "../usage-words.ts";
import { found } from "./form.ts";
import { Keys } from "./keys.tsx";
import { NewOrgDialog } from "./new-org.tsx";
import { NameAndLimits, SuspendAndErase } from "./org.tsx";
import { OrgState } from "./org-state.tsx";
import { OrgsTable } from "./orgs-table.tsx";
import { ReadinessLine } from "./readiness.tsx";

const LIST_EVERY_MS = 30_000;
const ORG_EVERY_MS = 10_000;

export function AdminPage() {
  const id = query.value.get("org");
  return id === null ? <Orgs /> : <OneOrg key={id} id={id} />;
}

function Orgs() {
  const isMaking = useSignal(false);
  const wanted = useSignal("");
  const list = usePaged<AdminOrg>("/v1/admin/orgs", { everyMs: LIST_EVERY_MS });
  const all = list.rows;
  const shown = found(all ?? [], wanted.value);
  return (
    <>
      <div class="bar">
        <h1>Orgs</h1>
        <span class="grow" />
        <input
          type="search"
          class="orgs-find"
          aria-label="Find by name or id"
          placeholder="Name or id"
          value={wanted.value}
          onInput={({ currentTarget }) => (wanted.value = currentTarget.value)}
        />
        <Button kind="primary" onClick={() => (isMaking.value = true)}>
          Make an org …
        </Button>
      </div>
      {all !== null && <Said orgs={all} isPart={list.hasMore || list.hasEarlier} />}
      <ReadinessLine />
      <Errors errors={list.errors} />
      {all === null && list.errors.length === 0 && <Late />}
      {all?.length === 0 && (
        <Empty title="There is no org yet">
          <p>An org is a tenant: its calls, numbers, endpoints and keys are its own. Make the first one.</p>
        </Empty>
      )}
      {shown.length > 0 && <OrgsTable orgs={shown} />}
      {all !== null && all.length > 0 && shown.length === 0 && (
        <p class="dim below">
          None of the {all.length} shown here has that in its name or id.{" "}
          {wanted.value.trim().startsWith("org_") && (
            <a href={addressOf("admin", { org: wanted.value.trim() })}>Look for the org with this id</a>
          )}
        </p>
      )}
      <Paging list={list} />
      {isMaking.value && (
        <NewOrgDialog
          onClose={() => (isMaking.value = false)}
          onDone={({ user_id }) => {
            isMaking.value = false;
            go(addressOf("admin", { org: user_id }));
          }}
        />
      )}
    </>
  );
}

function Said({ orgs: all, isPart }: { orgs: readonly AdminOrg[]; isPart: boolean }) {
  const suspended = all.filter(({ state }) => state === "suspended").length;
  const erasing = all.filter(({ state }) => state === "erasing").length;
  return (
    <p class="sentence">
      {isPart && "There are more than these "}
      <b>{counted(all.length, "org")}</b>
      {suspended > 0 && `, ${suspended} suspended`}
      {erasing > 0 && `, ${erasing} being erased`}.
    </p>
  );
}

function OneOrg({ id }: { id: string }) {
  const org = useSignal<AdminOrg | null>(null);
  const isGone = useSignal(false);
  const refused = useSignal<readonly ApiError[]>([]);
  useLive(
    async (signal) => {
      const answer = await ask<AdminOrg>("GET", `/v1/admin/orgs/${encodeURIComponent(id)}`, { signal });
      if (answer.ok) org.value = answer.data;
      else if (answer.status === 404) isGone.value = true;
      refused.value = answer.ok || signal.aborted || isGone.value ? [] : answer.errors;
    },
    { everyMs: ORG_EVERY_MS, isOn: !isGone.value },
  );
  return (
    <>
      <p class="trail">
        <a href={addressOf("admin")}>Orgs</a> / <span>{visible(org.value?.name ?? id)}</span>
      </p>
      <Errors errors={refused.value} />
      {isGone.value ? (
        <Empty title={org.value === null ? "There is no such org" : `${visible(org.value.name)} is erased`}>
          <a class="button" href={addressOf("admin")}>
            See the orgs
          </a>
        </Empty>
      ) : (
        org.value !== null && <Parts org={org.value} onChanged={(changed) => (org.value = changed)} />
      )}
    </>
  );
}

const Parts = ({ org, onChanged }: { org: AdminOrg; onChanged: (org: AdminOrg) => void }) => (
  <>
    <div class="bar">
      <h1>{visible(org.name)}</h1>
      <OrgState state={org.state} />
    </div>
    <p class="sentence bar">
      <Copied text={org.user_id} what="The org's id" />
      <span>
        Made <Ago at={org.created_at} />
      </span>
      <StoredBar
        stored_bytes={org.usage.stored_bytes}
        stored_gb={org.limits.stored_gb ?? DEFAULT_STORED_GB}
      />
      <span class="dim small">
        {org.usage.counted_at === null ? (
          "not counted yet"
        ) : (
          <>
            counted <Ago at={org.usage.counted_at} />
          </>
        )}
      </span>
    </p>
    {org.state !== "erasing" && <NameAndLimits org={org} onChanged={onChanged} />}
    <Keys org={org} />
    <SuspendAndErase org={org} onChanged={onChanged} />
  </>
);
