/** The orgs as a table. */
import type { AdminOrg } from "../answers.ts";
import { count, visible } from "../format.ts";
import { Columns } from "../parts/columns.tsx";
import { Copied } from "../parts/form.tsx";
import { Ago } from "../parts/time.tsx";
import { StoredBar } from "../parts/usage.tsx";
import { addressOf } from "../router.ts";
import { DEFAULT_STORED_GB } from "../usage-words.ts";
import { OrgState } from "./org-state.tsx";

export const OrgsTable = ({ orgs }: { orgs: readonly AdminOrg[] }) => (
  <table class="orgs">
    <Columns
      names={["Org", "State", "Id", "Stored", "Reports a minute", "Made"]}
      right={["Reports a minute", "Made"]}
    />
    <tbody>
      {orgs.map((org) => (
        <Row key={org.user_id} org={org} />
      ))}
    </tbody>
  </table>
);

const Row = ({ org: { user_id, name, state, limits, usage, created_at } }: { org: AdminOrg }) => (
  <tr>
    <td class="wrapped">
      <a href={addressOf("admin", { org: user_id })}>{visible(name)}</a>
    </td>
    <td>
      <OrgState state={state} />
    </td>
    <td>
      <Copied text={user_id} what="The org's id" />
    </td>
    <td>
      <StoredBar stored_bytes={usage.stored_bytes} stored_gb={limits.stored_gb ?? DEFAULT_STORED_GB} />
    </td>
    <td class="right" data-label="Reports a minute">
      {limits.reports_per_minute === null ? "no limit" : count(limits.reports_per_minute)}
    </td>
    <td class="right dim made" data-label="Made">
      <Ago at={created_at} />
    </td>
  </tr>
);
