/**
 * What a browser gets at an address below `/console` that is none of the console's pages. Those are static, so a request
 * comes here only if there is no such page.
 */
import type { Context } from "hono";
import { wantsPage } from "../inboxes/page.ts";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>No such page · Postcall</title>
<link rel="stylesheet" href="/console/console.css">
</head>
<body>
<main class="sign-in">
<h1>There is no such page</h1>
<p>Nothing of the console is at this address. A call is found by its id or its number.</p>
<p><a href="/console/calls">Calls</a> · <a href="/console">Overview</a> · <a href="/docs/console">The guide to the console</a></p>
</main>
</body>
</html>
`;

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  vary: "accept",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
};

/** Null if it is not a browser that opens an address of the console. */
export const noPage = ({ req }: Context): Response | null =>
  req.method === "GET" && req.path.startsWith("/console/") && wantsPage(req.header("accept"))
    ? new Response(PAGE, { status: 404, headers: HEADERS })
    : null;
