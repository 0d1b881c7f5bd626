/** Finished calls of realistic sizes: 6 KB in the middle, one in a hundred of 300 KB. The same sequence in every run. */

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

const LINE = {
  user: "user",
  text: "Could you call me back tomorrow afternoon? I am in a meeting now.",
  confidence: 0.97,
};
const LINE_BYTES = JSON.stringify(LINE).length + 1;

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
    yield {
      call_id,
      ...{
        status: "completed",
        call_length: 2.35,
        completed: true,
        inbound: false,
        price: 0.18,
        error_message: null,
      },
      ...{ to: "+15550100", from: "+15550199", answered_by: "human", created_at: "2026-11-21T20:33:18.367Z" },
      variables: { timezone: "America/New_York", language: "en", order: 4711 },
      transcripts: Array(Math.max(1, Math.round((bytes - 400) / LINE_BYTES))).fill(LINE),
    };
  }
}
