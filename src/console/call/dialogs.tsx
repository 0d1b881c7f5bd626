/** What is asked before a call is erased, and where a call goes that has no webhook. */
import { useState } from "preact/hooks";
import { tell } from "../announce.ts";
import type { AnyLog } from "../answers.ts";
import { type ApiError, ask } from "../api.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Button, Errors, Field } from "../parts/form.tsx";
import { addressOf, go } from "../router.ts";

interface Props {
  call_id: string;
  onClose: () => void;
}

export function EraseDialog({ call_id, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const erase = async () => {
    const answer = await ask("DELETE", `/v1/postcall/calls/${encodeURIComponent(call_id)}`);
    if (!answer.ok) return setErrors(answer.errors);
    tell(`The call ${call_id} is erased.`);
    go(addressOf("calls"));
  };
  const isTyped = typed.trim() === call_id;
  return (
    <Dialog title="Erase this call" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isTyped) void erase();
        }}
      >
        <p>
          Its payload, transcript, citations and attempts go, and what our inboxes caught of it. Nothing more
          is sent; an attempt that is under way may still arrive. It can't be undone, and its id can't be
          reported again for 30 days.
        </p>
        <Field label={`Type ${call_id} to erase it`}>
          <input
            class="mono"
            autocomplete="off"
            spellcheck={false}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </Field>
        <Errors errors={errors} />
        <footer>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" disabled={!isTyped} onClick={erase}>
            Erase the call
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface SendToProps extends Props {
  event: AnyLog["event"];
  onSent: () => void;
}

export function SendToDialog({ call_id, event, onClose, onSent }: SendToProps) {
  const [url, setUrl] = useState("");
  const [errors, setErrors] = useState<readonly ApiError[]>([]);
  const [isSending, setSending] = useState(false);
  const send = async () => {
    if (isSending) return;
    setSending(true);
    const answer = await ask("POST", "/v1/postcall/webhooks/create", {
      json: { call_ids: [call_id], webhook_url: url.trim(), event },
      headers: { prefer: "respond-async" },
    });
    setSending(false);
    if (!answer.ok) return setErrors(answer.errors);
    tell("It is on its way.");
    onSent();
    onClose();
  };
  return (
    <Dialog title="Send this call to a URL" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>The call keeps the URL: retries and later sends go there too.</p>
        <Field label="URL" name="webhook_url" errors={errors} hint="Such as https://crm.example/hook">
          <input
            type="url"
            class="mono"
            required
            value={url}
            onInput={({ currentTarget }) => setUrl(currentTarget.value)}
          />
        </Field>
        <Errors errors={errors} fields={["webhook_url"]} />
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={isSending}>
            Send
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
