/** Which endpoint: one of those that the org's calls go to, or any URL. */
import { useEffect, useState } from "preact/hooks";
import type { Endpoint } from "../answers.ts";
import { ask } from "../api.ts";
import { endpointName, endpointOf, visible } from "../format.ts";
import { Button, Field } from "../parts/form.tsx";
import { setQuery } from "../router.ts";
import { list, stats } from "./list.ts";

const SHOWN = 40;

/** Those with settings or trouble, as the server tells, and those of the calls that are shown. */
function useEndpoints(): string[] {
  const [known, setKnown] = useState<string[]>([]);
  useEffect(() => {
    const ended = new AbortController();
    void ask<Endpoint[]>("GET", "/v1/endpoints", { query: { limit: 200 }, signal: ended.signal }).then(
      (answer) => {
        if (answer.ok) setKnown(answer.data.map(({ url }) => url));
      },
    );
    return () => ended.abort();
  }, []);
  const ofRows = list.value.rows.shown.flatMap(({ url }) => (url === null ? [] : [endpointOf(url)]));
  const ofStats = stats.value?.figures.endpoints.map(({ url }) => url) ?? [];
  return [...new Set([...ofRows, ...ofStats, ...known])];
}

export function EndpointMenu({ url, onDone }: { url: string; onDone: () => void }) {
  const [text, setText] = useState(url);
  const wanted = text.trim();
  const hasScheme = /^https?:\/\//i.test(wanted);
  const full = hasScheme ? wanted : `https://${wanted}`;
  const isUrl = (hasScheme || /^[^\s/]+\.[^\s/]/.test(wanted)) && URL.canParse(full);
  const needle = wanted === url ? "" : wanted.toLowerCase();
  const found = useEndpoints().filter((known) => known.toLowerCase().includes(needle));
  const choose = (chosen: string) => {
    setQuery({ url: chosen });
    onDone();
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        const [only] = found;
        if (found.length === 1 && only !== undefined && needle !== "") choose(only);
        else if (isUrl) choose(full);
      }}
    >
      <Field label="Endpoint" hint="A URL; what comes after ? does not matter.">
        <input
          type="text"
          inputMode="url"
          class="mono"
          placeholder="https://crm.example/hook"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </Field>
      {found.length > 0 && (
        <ul class="menu options">
          {found.slice(0, SHOWN).map((known) => (
            <li key={known}>
              <button type="button" aria-current={known === url} title={known} onClick={() => choose(known)}>
                {visible(endpointName(known))}
              </button>
            </li>
          ))}
        </ul>
      )}
      <Button type="submit" disabled={!isUrl && found.length !== 1}>
        Show its calls
      </Button>
    </form>
  );
}
