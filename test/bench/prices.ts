/** What the platform charges, in US dollars beyond what is included. Source: Cloudflare's pricing pages for D1, Queues, Durable Objects and Workers, as of November 2026. */

export const USD = {
  rowWritten: 1 / 1e6,
  rowRead: 0.001 / 1e6,
  /** 10⁹ bytes kept in D1 for a month. */
  storedGigabyteMonth: 0.75,
  queueOperation: 0.4 / 1e6,
  objectRequest: 0.15 / 1e6,
  /** A Durable Object has 128 MB, billed while it is active. */
  objectSecond: (12.5 / 1e6) * 0.128,
  workerRequest: 0.3 / 1e6,
  cpuMillisecond: 0.02 / 1e6,
} as const;

/** A message is written, read and deleted; each retry reads it once more. */
export const OPERATIONS_PER_MESSAGE = 3;
export const OPERATIONS_PER_RETRY = 1;
