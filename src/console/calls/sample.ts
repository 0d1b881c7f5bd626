/** A call to try a report with, small enough to read; and the command that does the same. Pure. */

/** The people are invented, and the numbers are reserved for fiction. */
export const sampleReport = ({ call_id, now }: { call_id: string; now: number }) => ({
  call_id,
  to: "+14155550123",
  from: "+12125550164",
  inbound: true,
  status: "completed",
  started_at: new Date(now - 41_000).toISOString(),
  end_at: new Date(now).toISOString(),
  call_length: 0.68,
  summary: "Mara Lindqvist asked for the opening hours on Saturday. She comes by at ten.",
  transcripts: [
    { id: 1, user: "assistant", text: "Northgate Bikes, good afternoon. What can I do for you?" },
    { id: 2, user: "user", text: "Hello, are you open on Saturday? My brakes squeak." },
    { id: 3, user: "assistant", text: "We are, from nine to two. Shall I put you down for ten?" },
    { id: 4, user: "user", text: "Ten is good. Lindqvist, Mara. Thanks!" },
  ],
  variables: { customer: "cus_2207" },
});

/** An id that nobody has used: the time, and a random part. */
export const freshCallId = (now: number, random: number): string =>
  `call-${now.toString(36)}-${Math.floor(random * 36 ** 4)
    .toString(36)
    .padStart(4, "0")}`;

/** Reports the smallest call there is. */
export const reportCommand = (origin: string): string =>
  [
    `curl ${origin}/v1/postcall/calls \\`,
    `  -H 'authorization: YOUR_KEY' \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d '{"payload": {"call_id": "call-1", "to": "+14155550123", "status": "completed"},`,
    `       "webhook": "https://your-app.example/hook"}'`,
  ].join("\n");

export type ReadJson = { ok: true; value: unknown } | { ok: false; why: string };

interface RawJson {
  rawJSON?: (text: string) => unknown;
}

/** JSON as it was typed, with the digits of its numbers where the browser can keep them. */
export function readJson(text: string): ReadJson {
  const { rawJSON } = JSON as RawJson;
  const keepDigits = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && rawJSON !== undefined && context?.source !== undefined
      ? rawJSON(context.source)
      : value;
  try {
    return { ok: true, value: JSON.parse(text, keepDigits) };
  } catch (error) {
    return {
      ok: false,
      why: `This is not JSON yet: ${error instanceof Error ? error.message : String(error)}.`,
    };
  }
}
