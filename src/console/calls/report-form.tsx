/**
 * Reports a call by hand, with a sample to begin with, and tells what became of it. What was typed is still there for
 * whoever left the page without closing the form.
 */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { WebhookLog } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { endpointName, visible } from "../format.ts";
import { useOnce } from "../once.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Errors, Field } from "../parts/form.tsx";
import { LogStatus } from "../parts/status.tsx";
import { can } from "../session.ts";
import { callAddress } from "./log-row.tsx";
import { freshCallId, readJson, sampleReport } from "./sample.ts";

const sample = (): string => {
  const now = Date.now();
  return JSON.stringify(sampleReport({ call_id: freshCallId(now, Math.random()), now }), null, 2);
};

const FIELDS = ["payload", "webhook"];

interface Draft {
  payload: string;
  webhook: string;
}

const kept = signal<Draft | null>(null);

export function ReportForm({ onClose }: { onClose: () => void }) {
  const [fresh, setFresh] = useState<Draft>(() => ({ payload: sample(), webhook: "" }));
  const draft = kept.value ?? fresh;
  const { payload, webhook } = draft;
  const change = (changes: Partial<Draft>) => {
    kept.value = { ...draft, ...changes };
  };
  const close = () => {
    kept.value = null;
    onClose();
  };
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [reported, setReported] = useState<{ log: WebhookLog; isRepeated: boolean } | null>(null);
  const send = useOnce(async () => {
    const read = readJson(payload);
    if (!read.ok) return setErrors([{ error: "invalid_parameter", field: "payload", message: read.why }]);
    const url = webhook.trim();
    const json = { payload: read.value, ...(url !== "" && { webhook: url }) };
    const answer = await ask<WebhookLog>("POST", "/v1/postcall/calls", { json });
    setErrors(answer.ok ? [] : answer.errors);
    if (!answer.ok) return;
    setFresh(draft);
    kept.value = null;
    setReported({ log: answer.data, isRepeated: answer.status === 200 });
  });
  if (reported !== null) {
    const again = () => {
      setFresh({ ...fresh, payload: sample() });
      setReported(null);
    };
    return <Reported {...reported} onAgain={again} onClose={onClose} />;
  }
  return (
    <Dialog title="Report a call" isWide hasDraft={kept.value !== null} onClose={close}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Field
          label="Payload, as JSON"
          name="payload"
          errors={errors}
          hint={
            <>
              What the receiver gets, byte for byte. Only <code>call_id</code> is needed; a new one each time.
            </>
          }
        >
          <textarea
            class="report-payload"
            rows={14}
            spellcheck={false}
            autocapitalize="off"
            value={payload}
            onInput={({ currentTarget }) => change({ payload: currentTarget.value })}
          />
        </Field>
        <Field
          label="Webhook URL"
          name="webhook"
          errors={errors}
          hint="Empty: the webhook of the number that was called, else the org's default."
        >
          <input
            type="text"
            inputMode="url"
            class="mono"
            placeholder="https://your-app.example/hook"
            autocomplete="off"
            spellcheck={false}
            value={webhook}
            onInput={({ currentTarget }) => change({ webhook: currentTarget.value })}
          />
        </Field>
        <Errors errors={errors} fields={FIELDS} />
        <footer>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind="primary">
            Report the call
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface ReportedProps {
  log: WebhookLog;
  isRepeated: boolean;
  onAgain: () => void;
  onClose: () => void;
}

function Reported({ log, isRepeated, onAgain, onClose }: ReportedProps) {
  const { call_id, url, status } = log;
  return (
    <Dialog title={isRepeated ? "This call is known already" : "The call is reported"} onClose={onClose}>
      <p>
        <LogStatus log={log} />
      </p>
      <p class="sentence">
        {isRepeated && "The very same report came before, so nothing is sent twice. "}
        {url === null ? (
          <>
            It has no webhook: neither the report, nor the number, nor the org names a URL.
            {can("read") && " Open it to send it to one."}
          </>
        ) : status === "held" ? (
          <>
            It is held for its citations, and then goes to <b>{visible(endpointName(url))}</b>.
          </>
        ) : status === "disabled" ? (
          <>
            It would go to <b>{visible(endpointName(url))}</b>, which is disabled. Enable it on Endpoints.
          </>
        ) : (
          <>
            It goes to <b>{visible(endpointName(url))}</b>.
          </>
        )}
      </p>
      <footer>
        <Button onClick={onAgain}>Report another</Button>
        {can("read") ? (
          <a class="button is-primary" href={callAddress({ call_id, event: "call" })} onClick={onClose}>
            Open the call
          </a>
        ) : (
          <Button onClick={onClose}>Close</Button>
        )}
      </footer>
    </Dialog>
  );
}
