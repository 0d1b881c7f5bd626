/** A search box whose text is in the address. The key `/` leads to it. */
import { query, setQuery } from "../router.ts";

/** What is searched for. */
export const searched = (): string => (query.value.get("q") ?? "").trim();

export const Search = ({ label, placeholder }: { label: string; placeholder: string }) => (
  <input
    type="search"
    class="page-search"
    aria-label={label}
    placeholder={placeholder}
    value={query.value.get("q") ?? ""}
    onInput={({ currentTarget }) => setQuery({ q: currentTarget.value }, { replace: true })}
  />
);
