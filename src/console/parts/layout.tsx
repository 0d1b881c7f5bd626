/** What lies around every page: the navigation, the banners, the messages. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { visible } from "../format.ts";
import { type Page, TITLES } from "../pages.ts";
import { addressOf, go, page } from "../router.ts";
import { caller, isAdmin, signOut } from "../session.ts";
import { shortcutsOn, turnShortcuts, useShortcuts } from "../shortcuts.ts";
import { COUNTED_MOST, troubled } from "../trouble.ts";
import { Dialog } from "./dialog.tsx";
import { Banner, Messages } from "./messages.tsx";
import { Brand } from "./sign-in.tsx";

const ORG_PAGES: readonly Page[] = ["overview", "calls", "endpoints", "numbers", "inboxes", "settings"];
/** Which page of the navigation a page belongs to. */
const PARENTS: Partial<Record<Page, Page>> = { call: "calls", inbox: "inboxes" };

export function Layout({ children }: { children: ComponentChildren }) {
  const [isHelping, setHelping] = useState(false);
  useShortcuts({
    "?": () => setHelping(true),
    "/": () => {
      const search = document.querySelector<HTMLInputElement>("input[type=search]");
      if (search === null) go(addressOf("calls", { find: "1" }));
      else search.focus();
    },
  });
  const at = isAdmin.value ? "admin" : page.value;
  const shown = at === null ? null : (PARENTS[at] ?? at);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the navigation is a row wider than the window, and "2 down" makes it wider.
    const link = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (nav.current && link)
      nav.current.scrollLeft = link.offsetLeft - (nav.current.clientWidth - link.offsetWidth) / 2;
  }, [shown, troubled.value]);
  const pages = isAdmin.value ? (["admin"] as const) : ORG_PAGES;
  return (
    <div class="app">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <nav ref={nav} aria-label="Console">
        <a class="home" href={addressOf(isAdmin.value ? "admin" : "overview")}>
          <Brand /> Postcall
        </a>
        {pages.map((name) => (
          <a key={name} href={addressOf(name)} aria-current={name === shown ? "page" : undefined}>
            {TITLES[name]}
            {name === "endpoints" && <Down />}
          </a>
        ))}
        <footer>
          <Who />
          <button type="button" class="link" onClick={() => setHelping(true)}>
            <kbd>?</kbd> shortcuts
          </button>
          <a href="/docs">Guides</a>
          <button type="button" class="link" onClick={() => void signOut()}>
            Sign out
          </button>
        </footer>
      </nav>
      <main id="main" tabIndex={-1} class={`page-${at}`}>
        <Banner />
        {children}
      </main>
      {isHelping && <Shortcuts onClose={() => setHelping(false)} />}
      <Messages />
    </div>
  );
}

function Down() {
  const down = troubled.value;
  return down > 0 && <b>{down < COUNTED_MOST ? down : `${COUNTED_MOST}+`} down</b>;
}

function Who() {
  const { value } = caller;
  if (value == null) return null;
  if (value.kind === "admin") return <span>The operator</span>;
  const { prefix, scopes, expires_at } = value.key;
  return (
    <span>
      {visible(value.name ?? "")}
      <br />
      key <span class="mono">{prefix}…</span>, may {scopes.join(", ")}
      {expires_at !== null && `, until ${expires_at.slice(0, 10)}`}
    </span>
  );
}

const KEYS = [
  ["/", "search for a call or number"],
  ["j, k", "the next row, the one before"],
  ["Enter", "open the row"],
  ["x", "select the row"],
  ["r", "send again"],
  ["Escape", "close, or drop the selection"],
  ["?", "this list"],
] as const;

const Shortcuts = ({ onClose }: { onClose: () => void }) => (
  <Dialog title="Shortcuts" onClose={onClose}>
    <dl class="keys">
      {KEYS.map(([key, what]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
    <label class="check">
      <input
        type="checkbox"
        checked={shortcutsOn.value}
        onChange={({ currentTarget }) => turnShortcuts(currentTarget.checked)}
      />
      Single keys are shortcuts
    </label>
  </Dialog>
);
