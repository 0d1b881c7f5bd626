/** An attempt's request as a command for a POSIX shell. Pure. */

export interface SentRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** How the service shows a header whose value it keeps to itself. */
const isMasked = (value: string): boolean => value.startsWith("•••");

/** Within single quotes a shell takes every character as it is but the quote. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Sends the same bytes: `printf` is the shell's own, so the body may be longer than a program's argument may be, and it
 * adds no line end as a here-document would. `--globoff`: brackets in a URL are not a pattern. The comments hold no
 * character that means something to a shell, because an interactive zsh runs them.
 */
export function curlOf({ url, headers }: SentRequest, body: string): string {
  const masked = Object.keys(headers).filter((name) => isMasked(headers[name] ?? ""));
  const names = masked.map((name) => name.replace(/[^\w-]/g, "")).join(" ");
  const given = Object.entries(headers).map(
    ([name, value]) => `  --header ${quoted(value === "" ? `${name};` : `${name}: ${value}`)} \\\n`,
  );
  return [
    ...(masked.length > 0 ? [`# Masked here, put in your own value: ${names}\n`] : []),
    `printf %s ${quoted(body)} |\n`,
    "curl --include --globoff --request POST \\\n",
    ...given,
    "  --data-binary @- \\\n",
    `  ${quoted(url)}\n`,
  ].join("");
}
