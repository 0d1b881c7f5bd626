/** What an outcome is called in a sentence, and what it may mean, as a question or an advice. Pure. */

const CAUSES: Record<string, string> = {
  "http status": "error answers",
  timeout: "no answer in time",
  redirect: "redirects",
  dns: "no address",
  connect: "no connection",
  tls: "no secure connection",
  protocol: "not HTTP",
  "blocked url": "an address that may not be called",
  resolver: "a look-up of ours that failed",
  interrupted: "an outcome that we lost",
};

/** Of an error as an attempt names it, or of an outcome as `outcomeOf` writes it: "no connection"; a status as it is. */
export function causeOf(error: string): string {
  const words = error.replaceAll("_", " ");
  return CAUSES[words] ?? words;
}

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
  timeout: "too slow, or away?",
  dns: "is its name right?",
  connect: "does it run?",
  tls: "are its name and its certificate right?",
  protocol: "what listens there?",
};

/** Of an outcome as `outcomeOf` writes it; null where there is nothing to say. */
export function hintOf(outcome: string): string | null {
  if (/^3\d\d$/.test(outcome)) return "it redirects, and redirects are not followed";
  const ofServer = /^5\d\d$/.test(outcome) ? "an error of its own" : null;
  return HINTS[outcome] ?? ofServer;
}
