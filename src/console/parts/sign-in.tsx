/** The form that takes a key. It lies over the page when a session has ended, so that nothing typed is lost. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { tell } from "../announce.ts";
import type { Caller } from "../answers.ts";
import { type ApiError, sessionEnded } from "../api.ts";
import { visible } from "../format.ts";
import { askedLink, caller, delayed, followLink, refusedLink, signIn } from "../session.ts";
import { Dialog } from "./dialog.tsx";
import { Button, Errors, Field } from "./form.tsx";
import { Late } from "./late.tsx";
import { Banner } from "./messages.tsx";

const errors = signal<readonly ApiError[]>([]);

/** The message names the request's member; here there is one field. */
const ofForm = (error: ApiError): ApiError => ({
  ...error,
  message: error.message.replace(/^key is no/, "This is no"),
});

function SignInForm({ label }: { label: string }) {
  const [key, setKey] = useState("");
  const send = async () => {
    const answer = await signIn({ key: key.trim() });
    errors.value = answer.ok ? [] : answer.errors.map(ofForm);
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
      <Field
        label="API key"
        hint="It does not stay in this browser, which gets a session of 12 hours in its place."
      >
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
    {refusedLink.value !== null && (
      <p class="note is-bad" role="alert">
        {refusedLink.value}
      </p>
    )}
    <SignInForm label="Sign in" />
    <p class="dim">
      An org's key shows its calls; what the key may not do is hidden. The operator's admin key shows the
      orgs. On your own machine <code>npm start</code> prints a link that signs in.
    </p>
  </main>
);

/** While it is not known who is signed in. */
export const Starting = () =>
  delayed.value === null ? (
    <Late />
  ) : (
    <main class="sign-in" id="main" tabIndex={-1}>
      <h1>
        <Brand /> Postcall
      </h1>
      <Banner />
      <p role="status">{delayed.value} It is asked again by itself.</p>
    </main>
  );

const nameOf = ({ name }: Caller): string => (name === null ? "the operator" : visible(name));

/** Where a link was opened by whoever is signed in. Anybody may have made it, to have them act in another org. */
export function LinkAsked() {
  const { value: link } = askedLink;
  if (link === null || caller.value == null) return null;
  const close = () => {
    askedLink.value = null;
  };
  const name = nameOf(caller.value);
  const follow = async () => {
    close();
    if (!(await followLink(link))) tell(refusedLink.value ?? "The link was refused.", "bad");
  };
  return (
    <Dialog title="Sign in with the link?" onClose={close}>
      <p>
        You are signed in as <b>{name}</b>. A link signs in to the org of whoever made it, who sees what is
        done there. Use it only if you expected it.
      </p>
      <footer>
        <Button onClick={close}>Stay as {name}</Button>
        <Button kind="primary" onClick={follow}>
          Sign in with the link
        </Button>
      </footer>
    </Dialog>
  );
}

/** Over the page of whoever was signed in. */
export function SessionEnded() {
  if (sessionEnded.value === null || caller.value == null) return null;
  return (
    <Dialog title="Sign in again" isFirm onClose={() => {}}>
      <p>{sessionEnded.value}</p>
      <p>
        With a key of {nameOf(caller.value)} you go on where you are, and nothing that you typed is lost. With
        another key the console begins anew.
      </p>
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
