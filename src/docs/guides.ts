/** The guides of `/docs`: their order, and what each is for. Each is a Markdown file beside this one. */

interface Guide {
  /** Its file without `.md`, and its page under `/docs/`. */
  name: string;
  /** One sentence for the index. */
  purpose: string;
}

interface Group {
  title: string;
  guides: Guide[];
}

export const GROUPS: Group[] = [
  {
    title: "Begin",
    guides: [
      { name: "start", purpose: "Make an org and a key, report a call, see it fail, and send it again." },
      { name: "coming-from-bland", purpose: "What works unchanged, what differs, and what trips people up." },
    ],
  },
  {
    title: "Use it",
    guides: [
      {
        name: "requests",
        purpose: "Every request in one place, and the rules, statuses and errors they share.",
      },
      { name: "send", purpose: "Report a call, choose where it goes, and resend it." },
      { name: "citations", purpose: "Send citations with the call's webhook or after it." },
      { name: "receive", purpose: "Verify a webhook in six languages, answer fast, and drop repeats." },
      { name: "find", purpose: "List calls, read one call's attempts, and count what happened." },
      {
        name: "endpoints",
        purpose: "Rates, headers and timeouts of a receiver, and what happens while it is down.",
      },
      { name: "inboxes", purpose: "Send a test, and receive webhooks without a server of your own." },
      { name: "console", purpose: "Sign in to the console, and put a login in front of it." },
      { name: "orgs", purpose: "Keys and scopes, settings, limits, and how to erase a call." },
    ],
  },
  {
    title: "Run it",
    guides: [
      {
        name: "operate",
        purpose: "Deploy, upgrade, roll back, restore, and what to do when something is wrong.",
      },
      { name: "reliability", purpose: "What is promised, what is not, and how it is tested." },
      { name: "performance", purpose: "What a delivery costs, how fast it is, and how that was measured." },
      { name: "design", purpose: "How it works, how the code is laid out, and why." },
    ],
  },
];

export const GUIDES: Guide[] = GROUPS.flatMap(({ guides }) => guides);
