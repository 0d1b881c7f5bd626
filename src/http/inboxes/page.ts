/**
 * The page at `/view/{token}` as a browser sees it: always the same document, whose script asks for the requests. It
 * holds nothing of the token, so that there is nothing to escape. Its script and style do not lie below `/console`, which
 * may have a login in front of it.
 */

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inbox · Postcall</title>
<link rel="stylesheet" href="/view.css">
<script type="module" src="/view.js"></script>
</head>
<body>
<main id="app" class="page-inbox"></main>
<noscript>This page needs JavaScript to show what the inbox receives.</noscript>
</body>
</html>
`;

/** Whether a request wants a page to look at: browsers name the type when they open an address, and scripts do not. */
export const wantsPage = (accept: string | undefined): boolean => /\btext\/html\b/i.test(accept ?? "");

/** The document, with the status of the answer that its script is going to get. */
export function page({ status, headers }: Response): Response {
  const retryAfter = headers.get("retry-after");
  return new Response(PAGE, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      ...(retryAfter !== null && { "retry-after": retryAfter }),
    },
  });
}
