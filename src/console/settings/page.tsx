/** The org's settings. Who may not change them sees them all the same. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Org } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { count, dayTimeZone, visible } from "../format.ts";
import { useLive } from "../live.ts";
import { Copied, Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Section } from "../parts/section.tsx";
import { Ago } from "../parts/time.tsx";
import { StoredBar } from "../parts/usage.tsx";
import { caller, can } from "../session.ts";
import { Audit } from "./audit.tsx";
import { Name, Retention, WhereCallsGo } from "./org-fields.tsx";
import { Secrets } from "./secrets.tsx";

const EVERY_MS = 60_000;

const SECTIONS = [
  ["where", "Where calls go"],
  ["secrets", "Signing secrets"],
  ["retention", "Retention"],
  ["use", "Limits and use"],
  ["key", "This key"],
  ["audit", "What was done"],
] as const;

export function SettingsPage() {
  const org = useSignal<Org | null>(null);
  const refused = useSignal<readonly ApiError[]>([]);
  useLive(
    async (signal) => {
      const answer = await ask<Org>("GET", "/v1/org", { signal });
      if (answer.ok) org.value = answer.data;
      refused.value = answer.ok || signal.aborted ? [] : answer.errors;
    },
    { everyMs: EVERY_MS },
  );
  const isThere = org.value !== null;
  useEffect(() => {
    if (isThere && location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [isThere]);
  return (
    <>
      <h1>Settings</h1>
      {!can("configure") && (
        <p class="note below">
          This key may look but not change anything here: it lacks the scope <code>configure</code>.
        </p>
      )}
      <nav class="anchors" aria-label="Sections of this page">
        {SECTIONS.map(([id, title]) => (
          <a key={id} class="chip" href={`#${id}`}>
            {title}
          </a>
        ))}
      </nav>
      <Errors errors={refused.value} />
      {org.value === null && refused.value.length === 0 && <Late />}
      {org.value !== null && <Parts org={org.value} onSaved={(saved) => (org.value = saved)} />}
    </>
  );
}

const Parts = ({ org, onSaved }: { org: Org; onSaved: (org: Org) => void }) => (
  <>
    <WhereCallsGo org={org} onSaved={onSaved} />
    <Secrets />
    <Retention org={org} onSaved={onSaved} />
    <Use org={org} onSaved={onSaved} />
    <ThisKey />
    <Audit />
  </>
);

const Use = ({ org, onSaved }: { org: Org; onSaved: (org: Org) => void }) => (
  <Section id="use" title="Limits and use" about="The operator sets the limits.">
    <dl class="setting-facts">
      <div>
        <dt>Org</dt>
        <dd>
          <Copied text={org.user_id} what="The org's id" />
        </dd>
      </div>
      <div>
        <dt>Stored</dt>
        <dd>
          <StoredBar stored_bytes={org.usage.stored_bytes} stored_gb={org.limits.stored_gb} />
          <small class="dim">
            {org.usage.counted_at === null ? (
              "Not counted yet. "
            ) : (
              <>
                Counted <Ago at={org.usage.counted_at} />.{" "}
              </>
            )}
            Over it, no new calls are taken.
          </small>
        </dd>
      </div>
      <div>
        <dt>Reports a minute</dt>
        <dd>
          {org.limits.reports_per_minute === null
            ? "As many as the deployment takes"
            : `${count(org.limits.reports_per_minute)} at most`}
        </dd>
      </div>
    </dl>
    <Name org={org} onSaved={onSaved} />
  </Section>
);

function ThisKey() {
  const key = caller.value?.key;
  if (key == null) return null;
  return (
    <Section
      id="key"
      title="This key"
      about="What you have signed in with. The operator makes and revokes keys."
    >
      <dl class="setting-facts">
        <div>
          <dt>Name</dt>
          <dd>{visible(key.name)}</dd>
        </div>
        <div>
          <dt>Begins with</dt>
          <dd class="mono">{key.prefix}…</dd>
        </div>
        <div>
          <dt>May</dt>
          <dd>{key.scopes.join(", ")}</dd>
        </div>
        <div>
          <dt>Expires</dt>
          <dd>{key.expires_at === null ? "never" : dayTimeZone(key.expires_at)}</dd>
        </div>
      </dl>
    </Section>
  );
}
