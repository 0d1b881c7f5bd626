/**
 * Renders one guide: Markdown in, HTML out, and what it links to. Pure. Links to other guides become links to their
 * pages. Links to files of the repository become plain code, because a deployment does not serve those.
 */
import { posix } from "node:path";
import { Marked, type Tokens } from "marked";
import { escapeHtml, highlight } from "./highlight.ts";

export interface Heading {
  id: string;
  /** As plain text. */
  text: string;
  depth: number;
}

export interface RenderedGuide {
  /** Of its first heading. */
  title: string;
  html: string;
  headings: Heading[];
  /** As they are written in the Markdown. */
  links: string[];
}

export function renderGuide(markdown: string): RenderedGuide {
  const headings: Heading[] = [];
  const links: string[] = [];
  const ids = new Set<string>();
  const marked = new Marked<string, string>({
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const text = plainText(html);
        const id = uniqueId(text, ids);
        headings.push({ id, text, depth });
        if (depth === 1) return `<h1 id="${id}">${html}</h1>\n`;
        return `<h${depth} id="${id}">${html} <a class="anchor" href="#${id}" aria-label="Link to ${escapeHtml(text)}">#</a></h${depth}>\n`;
      },
      link({ href, tokens }) {
        links.push(href);
        return link(href, this.parser.parseInline(tokens));
      },
      code({ text, lang = "" }) {
        return `<pre tabindex="0"><code>${highlight(text, lang)}</code></pre>\n`;
      },
      table(token) {
        return table(token, (cell) => this.parser.parseInline(cell.tokens));
      },
      html: () => {
        throw new Error("A guide has HTML of its own.");
      },
    },
  });
  const html = marked.parse(markdown, { async: false });
  const title = headings.find(({ depth }) => depth === 1)?.text;
  if (title === undefined) throw new Error("A guide has no title.");
  return { title, html, headings, links };
}

/** Where a link of a guide leads: a page, an anchor, another site, or a file of the repository. */
function link(href: string, html: string): string {
  if (/^(https:|#|\/)/.test(href)) return `<a href="${escapeHtml(href)}">${html}</a>`;
  const [file = "", anchor] = href.split("#");
  if (/^[\w-]+\.md$/.test(file)) {
    const page = `/docs/${file.replace(/\.md$/, "")}${anchor === undefined ? "" : `#${anchor}`}`;
    return `<a href="${page}">${html}</a>`;
  }
  const path = repositoryPath(file);
  return plainText(html) === path ? html : `${html} (<code>${path}</code>)`;
}

/** The path from the repository's root of a file that a guide links to. */
export const repositoryPath = (file: string): string => posix.join("src/docs", file);

function table({ header, rows }: Tokens.Table, inline: (cell: Tokens.TableCell) => string): string {
  const alignment = ({ align }: Tokens.TableCell) => (align === "right" ? ' class="right"' : "");
  const head = header.map((cell) => `<th scope="col"${alignment(cell)}>${inline(cell)}</th>`).join("");
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td${alignment(cell)}>${inline(cell)}</td>`).join("")}</tr>`)
    .join("\n");
  return `<div class="table" tabindex="0"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table></div>\n`;
}

const plainText = (html: string): string =>
  html
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

/** As GitHub makes them, so that a link works in the file and on the page. */
function uniqueId(text: string, taken: Set<string>): string {
  const plain = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
  let id = plain;
  for (let count = 1; taken.has(id); count++) id = `${plain}-${count}`;
  taken.add(id);
  return id;
}
