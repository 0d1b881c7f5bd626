/** The HTML around a guide: the sidebar, the list of its headings, the links to its neighbours. Pure. */
import { GROUPS, GUIDES } from "./guides.ts";
import { escapeHtml } from "./highlight.ts";
import type { Heading } from "./render.ts";

/** The titles of the guides, by their names. */
export type Titles = ReadonlyMap<string, string>;

const REFERENCE = { path: "/docs/api", title: "API reference" };

interface Page {
  /** Such as `/docs/start`. */
  path: string;
  title: string;
  /** The page's own content. */
  html: string;
  description: string;
  headings?: Heading[];
  /** More for the head. */
  head?: string;
  titles: Titles;
}

export function page({ path, title, html, description, headings = [], head = "", titles }: Page): string {
  const sections = headings.filter(({ depth }) => depth === 2);
  const onThisPage = sections.length < 2 ? "" : list(sections);
  const fullTitle = path === "/docs" ? "Postcall guides" : `${title} – Postcall`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escapeHtml(description)}">
<title>${escapeHtml(fullTitle)}</title>
<link rel="icon" href="/docs/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/style.css">${head}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="layout${onThisPage === "" ? "" : " with-contents"}">
<header class="side">
<a class="brand" href="/docs"><img src="/docs/icon.svg" alt="" width="18" height="18"> Postcall <span>guides</span></a>
${sidebar(path, titles)}
</header>
<main id="content" tabindex="-1">
${html}
${neighbours(path, titles)}
</main>
${onThisPage}
</div>
</body>
</html>
`;
}

const anchor = (path: string, title: string, current: string) =>
  `<a href="${path}"${path === current ? ' aria-current="page"' : ""}>${escapeHtml(title)}</a>`;

/** Folded on a phone; always open where there is room for it (the style sheet says so). */
function sidebar(current: string, titles: Titles): string {
  const groups = GROUPS.map(({ title, guides }) => {
    const links = guides.map(({ name }) => anchor(`/docs/${name}`, titles.get(name) ?? name, current));
    if (guides.some(({ name }) => name === "requests"))
      links.push(anchor(REFERENCE.path, REFERENCE.title, current));
    return `<h2>${title}</h2>\n<ul>\n${links.map((link) => `<li>${link}</li>`).join("\n")}\n</ul>`;
  });
  return `<nav aria-label="Guides"><details><summary>All guides</summary></details><div class="groups">
${groups.join("\n")}
</div></nav>`;
}

const list = (sections: Heading[]) => `<nav class="contents" aria-label="On this page">
<h2>On this page</h2>
<ul>
${sections.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`).join("\n")}
</ul>
</nav>`;

function neighbours(path: string, titles: Titles): string {
  const place = GUIDES.findIndex(({ name }) => path === `/docs/${name}`);
  if (place === -1) return "";
  const to = (index: number, relation: string, word: string) => {
    const name = GUIDES[index]?.name;
    if (name === undefined) return "<span></span>";
    return `<a rel="${relation}" href="/docs/${name}"><small>${word}</small> ${escapeHtml(titles.get(name) ?? name)}</a>`;
  };
  return `<nav class="neighbours" aria-label="Next guides">${to(place - 1, "prev", "Before")}${to(place + 1, "next", "Next")}</nav>`;
}

export function indexHtml(titles: Titles): string {
  const groups = GROUPS.map(({ title, guides }) => {
    const entries = guides.map(
      ({ name, purpose }) =>
        `<dt><a href="/docs/${name}">${escapeHtml(titles.get(name) ?? name)}</a></dt><dd>${escapeHtml(purpose)}</dd>`,
    );
    if (guides.some(({ name }) => name === "requests"))
      entries.push(
        `<dt><a href="${REFERENCE.path}">${REFERENCE.title}</a></dt><dd>Every request with its fields, from <a href="/openapi.json">openapi.json</a>.</dd>`,
      );
    return `<h2>${title}</h2>\n<dl class="guides">\n${entries.join("\n")}\n</dl>`;
  });
  return `<h1>Postcall guides</h1>
<p class="lead">When a call is over, Postcall delivers its webhook, retries it for three days, logs every attempt, and sends it again when asked.</p>
${groups.join("\n")}`;
}

/** The reference is drawn by Swagger UI, the only script of the guides. */
export const referenceHtml = `<h1>API reference</h1>
<p class="lead">Every request of the API. <a href="/docs/requests">Requests and answers</a> has the rules they share; <a href="/openapi.json">openapi.json</a> is what this page is drawn from.</p>
<noscript><p>This page needs JavaScript. The guides do not.</p></noscript>
<div id="reference"></div>`;

export const referenceHead = `
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/reference.css">
<script src="/docs/swagger-ui-bundle.js" defer></script>
<script src="/docs/reference.js" defer></script>`;
