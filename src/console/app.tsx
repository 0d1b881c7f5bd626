/** The console: signs in, and shows the page that the address names. Each page's script is loaded when it is needed. */
import { signal } from "@preact/signals";
import { type ComponentType, render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ask } from "./api.ts";
import { useLive } from "./live.ts";
import { type Page, TITLES } from "./pages.ts";
import { Button, Empty } from "./parts/form.tsx";
import { Layout } from "./parts/layout.tsx";
import { LinkAsked, SessionEnded, SignInPage, Starting } from "./parts/sign-in.tsx";
import { page, query } from "./router.ts";
import { askAgain, begin, caller, can, isAdmin, shutOut, signOut } from "./session.ts";
import { useTrouble } from "./trouble.ts";

const LOADERS: Record<Page, () => Promise<ComponentType>> = {
  overview: async () => (await import("./overview/page.tsx")).OverviewPage,
  calls: async () => (await import("./calls/page.tsx")).CallsPage,
  call: async () => (await import("./call/page.tsx")).CallPage,
  endpoints: async () => (await import("./endpoints/page.tsx")).EndpointsPage,
  numbers: async () => (await import("./numbers/page.tsx")).NumbersPage,
  inboxes: async () => (await import("./inboxes/page.tsx")).InboxesPage,
  inbox: async () => (await import("./inboxes/inbox-page.tsx")).InboxPage,
  settings: async () => (await import("./settings/page.tsx")).SettingsPage,
  admin: async () => (await import("./admin/page.tsx")).AdminPage,
};

/** The pages that are loaded; null: it could not be. */
const loaded = signal<Partial<Record<Page, ComponentType | null>>>({});

async function load(name: Page): Promise<void> {
  if (loaded.value[name] === null) return location.reload(); // a browser remembers that a script failed
  if (loaded.value[name] !== undefined) return;
  const component = await LOADERS[name]().catch(() => null);
  loaded.value = { ...loaded.value, [name]: component };
}

function Console() {
  if (shutOut.value !== null) return <ShutOut message={shutOut.value} />;
  if (caller.value === undefined) return <Starting />;
  if (caller.value === null) return <SignInPage />;
  return (
    <>
      <Layout>
        <Current />
      </Layout>
      {!isAdmin.value && <Trouble />}
      <SessionEnded />
      <LinkAsked />
    </>
  );
}

function Current() {
  const name = isAdmin.value ? "admin" : page.value;
  useEffect(() => {
    if (name === null) return;
    void load(name);
    if (name !== "call") document.title = `${TITLES[name]} · Postcall`; // that one is named by its call
  }, [name]);
  if (name === null) return <Empty title="There is no such page" />;
  if (name === "admin" && !isAdmin.value)
    return (
      <Empty title="This page is the operator's">
        <p>Sign out, and sign in with the admin key.</p>
      </Empty>
    );
  if (!isAdmin.value && !can("read")) return <WithoutRead />;
  const Shown = loaded.value[name];
  if (Shown === null) return <NotLoaded />;
  if (Shown === undefined) return null;
  // Another call or inbox is another page, with a state of its own.
  return <Shown key={`${name} ${name === "call" || name === "inbox" ? query.value.get("id") : ""}`} />;
}

function Trouble() {
  useTrouble();
  return null;
}

function NotLoaded() {
  useReloadOnceBack();
  return (
    <Empty title="The page could not be loaded">
      <p>
        The server did not answer, or has a newer version of the console by now. Once a server that was away
        answers again, the page is loaded by itself.
      </p>
      <button type="button" class="button is-primary" onClick={() => location.reload()}>
        Load it again
      </button>
    </Empty>
  );
}

/** A server that answers all the time lacks the file: loading it over and over would not help. */
function useReloadOnceBack(): void {
  const wasAway = useRef(false);
  useLive(async (signal) => {
    const { status } = await ask("GET", "/healthz", { signal });
    if (status === 0) wasAway.current = true;
    else if (wasAway.current) {
      wasAway.current = false; // whoever has typed something is asked first, once
      location.reload();
    }
  });
}

const reportForm = signal<ComponentType<{ onClose: () => void }> | null>(null);

function WithoutRead() {
  const Form = reportForm.value;
  const open = async () => {
    reportForm.value = (await import("./calls/report-form.tsx")).ReportForm;
  };
  return (
    <Empty title="This key may not look">
      <p>
        It lacks the scope <code>read</code>, so there is nothing to show. Sign in with a key that has it; the
        operator makes one.
      </p>
      {can("report") && <Button onClick={open}>Report a call</Button>}
      {Form !== null && <Form onClose={() => (reportForm.value = null)} />}
    </Empty>
  );
}

const SHUT_OUT_EVERY_MS = 10_000;

function ShutOut({ message }: { message: string }) {
  useLive(askAgain, { everyMs: SHUT_OUT_EVERY_MS });
  return (
    <main class="sign-in" id="main" tabIndex={-1}>
      <h1>Nothing can be done here now</h1>
      <p>{message} Then the page comes back by itself.</p>
      <button type="button" class="button is-primary" onClick={() => void signOut()}>
        Sign out
      </button>
    </main>
  );
}

const root = document.getElementById("app");
if (root !== null) render(<Console />, root);
void begin();
