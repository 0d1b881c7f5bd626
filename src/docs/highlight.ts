/** Colours code while the pages are built: pure, text in, HTML out. It knows words, not grammar. */

const C_COMMENT = String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`;
const HASH_COMMENT = String.raw`(?<![^\s(])#[^\n]*`;
const QUOTED = String.raw`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`;

const words = (text: string) => `\\b(?:${text.split(" ").join("|")})\\b`;

/** What a language's comments and keywords look like. */
const LANGUAGES: Record<string, { comment?: string; quoted?: string; keyword?: string }> = {
  sh: {
    comment: HASH_COMMENT,
    quoted: String.raw`"(?:[^"\\]|\\[\s\S])*"|'[^']*'`,
    keyword: words("for in do done if then else fi export umask"),
  },
  json: { keyword: words("true false null") },
  js: {
    comment: C_COMMENT,
    quoted: `${QUOTED}|\`(?:[^\`\\\\]|\\\\.)*\``,
    keyword: words(
      "import from export function const let return if else for of await async new throw null true false",
    ),
  },
  python: {
    comment: HASH_COMMENT,
    quoted: String.raw`"""[\s\S]*?"""|[rbf]?(?:${QUOTED})`,
    keyword: words("import from def return if not and or in is for try except raise None True False with as"),
  },
  go: {
    comment: C_COMMENT,
    quoted: `${QUOTED}|\`[^\`]*\``,
    keyword: words(
      "package import func return if for range var const nil true false map string byte bool error",
    ),
  },
  ruby: {
    comment: HASH_COMMENT,
    keyword: words("require def end return unless if module class do nil true false and or not rescue"),
  },
  php: {
    comment: C_COMMENT,
    keyword: words(
      "function return if foreach as use new throw null true false string array bool declare require",
    ),
  },
  java: {
    comment: C_COMMENT,
    keyword: words(
      "import package public private static final class void return if for new throws try catch null true false int long boolean byte var",
    ),
  },
  http: { keyword: words("GET POST PATCH DELETE PUT") },
};

export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** The code as HTML. Names of classes: `c` comment, `s` string, `k` keyword, `n` number, `p` a JSON member's name. */
export function highlight(code: string, language: string): string {
  const rules = LANGUAGES[language];
  if (rules === undefined) return escapeHtml(code);
  const { comment = "(?!)", quoted = QUOTED, keyword = "(?!)" } = rules;
  const token = new RegExp(
    `(?<c>${comment})|(?<p>"[^"\\n]*"(?=\\s*:))|(?<s>${quoted})|(?<k>${keyword})|(?<n>\\b\\d[\\d_.]*\\b)`,
    "g",
  );
  let html = "";
  let end = 0;
  for (const match of code.matchAll(token)) {
    const [name = ""] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    html += `${escapeHtml(code.slice(end, match.index))}<span class="${name}">${escapeHtml(match[0])}</span>`;
    end = match.index + match[0].length;
  }
  return html + escapeHtml(code.slice(end));
}
