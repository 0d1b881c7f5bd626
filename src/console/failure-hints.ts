/** What an outcome may mean, as a question or an advice. Pure. */

const HINTS: Record<string, string> = {
  "400": "it does not take what is sent",
  "401": "does it want other credentials?",
  "403": "does it want other credentials?",
  "404": "moved?",
  "405": "does it take POST?",
  "413": "the payload is too large for it",
  "415": "it does not take JSON",
  "422": "it does not take what is sent",
  "429": "set a lower rate",
  "503": "overloaded, or away for a while",
  timeout: "it takes too long",
  dns: "its name has no address",
  connect: "it does not take the connection",
  tls: "its certificate is not valid",
  protocol: "what it answers is not HTTP",
  "blocked url": "this address may not be called",
};

/** Of an outcome as `outcomeOf` writes it; null where there is nothing to say. */
export function hintOf(outcome: string): string | null {
  if (/^3\d\d$/.test(outcome)) return "it redirects, and redirects are not followed";
  const ofServer = /^5\d\d$/.test(outcome) ? "an error of its own" : null;
  return HINTS[outcome] ?? ofServer;
}
