/**
 * What becomes of a message: it is done with, or comes back after a while. One that is `under_way` has been sent and
 * is only to be asked after: it need not stand in line with those that are still to be sent.
 */
export type Settlement =
  | { kind: "ack" }
  | { kind: "retry"; delaySeconds: number }
  | { kind: "under_way"; delaySeconds: number };

export const ACK: Settlement = { kind: "ack" };
export const again = (delaySeconds: number): Settlement => ({ kind: "retry", delaySeconds });
