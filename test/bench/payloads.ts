/**
 * Finished calls of realistic sizes and words: 6 KB in the middle, one in a hundred of 300 KB. The same sequence in every
 * run. Their conversations stand in them twice, in turns and as one text, as in the API that is matched.
 */
import { WORDS } from "./words.ts";

const MEDIAN_BYTES = 6_000;
const LARGEST_BYTES = 300_000;
/** Spread of the sizes around the median, as the standard deviation of their logarithm. */
const SPREAD = 0.5;

/** A generator of numbers in [0, 1) from a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A word; the n-th of the list comes about as often as 1/n. */
const wordOf = (random: () => number): string => WORDS[Math.floor(WORDS.length ** random()) - 1] ?? "yes";

/** What somebody says: some words, now and then a number. */
function sentenceOf(random: () => number): string {
  const words = Array.from({ length: 4 + Math.floor(14 * random()) }, () =>
    random() < 0.05 ? String(Math.floor(10_000 * random())) : wordOf(random),
  );
  const [first = "", ...rest] = words;
  return `${first.charAt(0).toUpperCase()}${first.slice(1)} ${rest.join(" ")}.`;
}

/** A conversation of about this many bytes, said in turns some seconds apart, and told once more as one text. */
function conversationOf(bytes: number, { random, startedAt }: { random: () => number; startedAt: number }) {
  const transcripts: { id: number; user: string; text: string; created_at: string }[] = [];
  let at = startedAt;
  for (let size = 0, id = Math.floor(1e9 * random()); size < bytes; id++) {
    at += 1_000 + Math.floor(9_000 * random());
    const line = {
      id,
      user: transcripts.length % 2 === 0 ? "assistant" : "user",
      text: sentenceOf(random),
      created_at: new Date(at).toISOString(),
    };
    transcripts.push(line);
    size += JSON.stringify(line).length + line.text.length + 15;
  }
  const concatenated_transcript = transcripts.map(({ user, text }) => `${user}: ${text}`).join(" \n ");
  return { concatenated_transcript, transcripts, end_at: new Date(at).toISOString() };
}

const uuidOf = (random: () => number): string =>
  "00000000-0000-4000-8000-000000000000".replace(/0/g, () => Math.floor(16 * random()).toString(16));

/** The bytes of a payload beside its conversation, roughly. */
const FRAME_BYTES = 1_100;

/** Payloads for these call ids, `call_id` first, so that a receiver finds it without parsing. */
export function* payloads(
  callIds: Iterable<string>,
  seed = 1,
): Generator<{ call_id: string; [member: string]: unknown }> {
  const random = randomNumbers(seed);
  for (const call_id of callIds) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const bytes =
      random() < 0.01 ? LARGEST_BYTES : Math.min(MEDIAN_BYTES * Math.exp(SPREAD * normal), LARGEST_BYTES);
    const phone = () =>
      `+1555${Math.floor(1e7 * random())
        .toString()
        .padStart(7, "0")}`;
    const startedAt = 1_763_756_000_000 + Math.floor(1e9 * random());
    const [to, from] = [phone(), phone()];
    const started_at = new Date(startedAt).toISOString();
    const { end_at, ...conversation } = conversationOf(bytes - FRAME_BYTES, { random, startedAt });
    yield {
      call_id,
      ...{
        c_id: uuidOf(random),
        batch_id: null,
        to,
        from,
        completed: true,
        inbound: false,
        status: "completed",
      },
      ...{ call_length: Math.round(random() * 1_000) / 100, price: Math.round(random() * 100) / 100 },
      ...{ created_at: started_at, started_at, end_at, queue_status: "complete", max_duration: 30 },
      ...{ error_message: null, answered_by: "human", record: true, call_ended_by: "USER" },
      recording_url: `https://recordings.example/${uuidOf(random)}.mp3`,
      variables: {
        to,
        from,
        timezone: "America/New_York",
        language: "en",
        order: Math.floor(1e6 * random()),
      },
      summary: `${sentenceOf(random)} ${sentenceOf(random)} ${sentenceOf(random)}`,
      pathway_id: uuidOf(random),
      ...conversation,
    };
  }
}
