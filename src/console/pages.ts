/** The console's pages. Each but the first is a document of its own, `/console/NAME`, so that the server answers a reload. */
// biome-ignore format: as many on a line as there is room for
export const PAGES = [
  "overview", "calls", "call", "endpoints", "numbers", "inboxes", "inbox", "settings", "admin",
] as const;
export type Page = (typeof PAGES)[number];

export const TITLES: Record<Page, string> = {
  ...{ overview: "Overview", calls: "Calls", call: "Call", endpoints: "Endpoints", numbers: "Numbers" },
  ...{ inboxes: "Inboxes", inbox: "Inbox", settings: "Settings", admin: "Orgs" },
};
