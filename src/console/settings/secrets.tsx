/** The org's signing secrets: what each does now, a rotation that can be announced, and how one ends. */
import { useSignal } from "@preact/signals";
import type { NewSigningSecret, SigningSecret } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { now } from "../clock.ts";
import { useLive } from "../live.ts";
import { AskFirst } from "../parts/ask-first.tsx";
import { Button, Copied, Errors } from "../parts/form.tsx";
import { Section } from "../parts/section.tsx";
import { ShownOnce } from "../parts/shown-once.tsx";
import { Status } from "../parts/status.tsx";
import { Ago, Until } from "../parts/time.tsx";
import { can } from "../session.ts";
import { acted } from "./audit.tsx";
import { RotateDialog } from "./rotate-dialog.tsx";
import { roleOf } from "./secret-words.ts";

const EVERY_MS = 30_000;

export function Secrets() {
  const secrets = useSignal<readonly SigningSecret[] | null>(null);
  const refused = useSignal<readonly ApiError[]>([]);
  const isRotating = useSignal(false);
  const made = useSignal<NewSigningSecret | null>(null);
  const ending = useSignal<SigningSecret | null>(null);
  const load = async (signal?: AbortSignal) => {
    const answer = await ask<SigningSecret[]>("GET", "/v1/org/signing-secrets", {
      ...(signal && { signal }),
    });
    if (answer.ok) secrets.value = answer.data;
    refused.value = answer.ok || signal?.aborted ? [] : answer.errors;
  };
  useLive(load, { everyMs: EVERY_MS });
  return (
    <Section
      id="secrets"
      title="Signing secrets"
      about={
        <>
          Receivers check with them that a webhook is ours and unchanged. <code>webhook-signature</code>{" "}
          carries one signature for each secret here; <code>x-webhook-signature</code> is made with the one in
          use only.
        </>
      }
    >
      <Errors errors={refused.value} />
      {secrets.value !== null && <List secrets={secrets.value} onEnd={(secret) => (ending.value = secret)} />}
      {can("configure") && (
        <div class="bar below">
          <Button onClick={() => (isRotating.value = true)}>Make a new secret …</Button>
        </div>
      )}
      {isRotating.value && (
        <RotateDialog
          onClose={() => (isRotating.value = false)}
          onMade={(secret) => {
            isRotating.value = false;
            made.value = secret;
            void load();
            acted.value += 1;
          }}
        />
      )}
      {made.value !== null && (
        <ShownOnce
          title="The new signing secret"
          items={[{ name: "Secret", value: made.value.secret, hint: "Receivers use it with its whsec_." }]}
          onDone={() => (made.value = null)}
        />
      )}
      {ending.value !== null && (
        <EndDialog
          secret={ending.value}
          onEnded={() => {
            void load();
            acted.value += 1;
          }}
          onClose={() => (ending.value = null)}
        />
      )}
    </Section>
  );
}

interface ListProps {
  secrets: readonly SigningSecret[];
  onEnd: (secret: SigningSecret) => void;
}

const List = ({ secrets, onEnd }: ListProps) => (
  <ul class="secrets">
    {secrets.map((secret) => (
      <Secret key={secret.id} secret={secret} secrets={secrets} onEnd={() => onEnd(secret)} />
    ))}
  </ul>
);

interface SecretProps {
  secret: SigningSecret;
  secrets: readonly SigningSecret[];
  onEnd: () => void;
}

function Secret({ secret, secrets, onEnd }: SecretProps) {
  const { id, created_at, activates_at, expires_at } = secret;
  const { kind, word, told, isNewestActive, isAnnounced } = roleOf(secret, secrets, now.value);
  return (
    <li>
      <div class="bar">
        <Status kind={kind}>{word}</Status>
        <Copied text={id} what="The secret's id" />
        <span class="grow" />
        {can("configure") && !isNewestActive && <Button onClick={onEnd}>End now …</Button>}
      </div>
      <p class="small">{told}</p>
      <p class="small dim">
        Made <Ago at={created_at} />
        {isAnnounced && (
          <>
            ; takes over <Until at={activates_at} />
          </>
        )}
        {expires_at !== null && (
          <>
            , ends <Until at={expires_at} />
          </>
        )}
        {isNewestActive && ". It can't be ended: make a new one first"}.
      </p>
    </li>
  );
}

interface EndProps {
  secret: SigningSecret;
  onEnded: () => void;
  onClose: () => void;
}

function EndDialog({ secret: { id }, onEnded, onClose }: EndProps) {
  const act = async () => {
    const answer = await ask("DELETE", `/v1/org/signing-secrets/${encodeURIComponent(id)}`);
    if (answer.ok) onEnded();
    return answer;
  };
  return (
    <AskFirst title="End this secret now?" act="End secret" onAct={act} onClose={onClose}>
      <p>
        From now on nothing is signed with <span class="mono">{id}</span>. A receiver that knows only this one
        refuses what we send.
      </p>
    </AskFirst>
  );
}
