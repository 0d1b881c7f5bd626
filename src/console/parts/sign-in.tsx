/** The form that takes a key. It lies over the page when a session has ended, so that nothing typed is lost. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { type ApiError, sessionEnded } from "../api.ts";
import { caller, signIn } from "../session.ts";
import { Dialog } from "./dialog.tsx";
import { Button, Errors, Field } from "./form.tsx";

const errors = signal<readonly ApiError[]>([]);

function SignInForm({ label }: { label: string }) {
  const [key, setKey] = useState("");
  const send = async () => {
    const answer = await signIn({ key: key.trim() });
    errors.value = answer.ok ? [] : answer.errors;
    if (answer.ok) setKey("");
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Field label="API key" hint="It is kept on the server's side; this browser gets a session of 12 hours.">
        <input
          type="password"
          name="key"
          class="mono"
          autocomplete="off"
          required
          value={key}
          onInput={({ currentTarget }) => setKey(currentTarget.value)}
        />
      </Field>
      <Errors errors={errors.value} />
      <Button type="submit" kind="primary">
        {label}
      </Button>
    </form>
  );
}

/** Where nobody is signed in. */
export const SignInPage = () => (
  <main class="sign-in" id="main" tabIndex={-1}>
    <h1>
      <Brand /> Postcall
    </h1>
    <p class="sentence">See every webhook, understand a failure, send it again.</p>
    <SignInForm label="Sign in" />
    <p class="dim">
      An org's key shows its calls; what the key may not do is hidden. The operator's admin key shows the
      orgs. On your own machine <code>npm start</code> prints a link that signs in.
    </p>
  </main>
);

/** Over the page of whoever was signed in. */
export function SessionEnded() {
  if (!sessionEnded.value || caller.value == null) return null;
  return (
    <Dialog title="Your session has ended" isFirm onClose={() => {}}>
      <p>Sign in again to go on where you are. Nothing that you typed is lost.</p>
      <SignInForm label="Go on" />
    </Dialog>
  );
}

export const Brand = () => (
  <svg class="brand" viewBox="0 0 18 18" aria-hidden="true">
    <rect x="1" y="3.5" width="16" height="11" rx="2" fill="none" stroke="currentColor" stroke-width="1.6" />
    <path d="M1.5 5l7.5 5.4L16.5 5" fill="none" stroke="currentColor" stroke-width="1.6" />
  </svg>
);
