/**
 * What happens to a message: it is acked, or it comes back after a while. `under_way`: its attempt is being made. The
 * message only asks for the outcome, so it need not wait behind messages whose attempts are still to be made.
 */
export type Settlement =
  | { kind: "ack" }
  | { kind: "retry"; delaySeconds: number }
  | { kind: "under_way"; delaySeconds: number };

export const ACK: Settlement = { kind: "ack" };
export const again = (delaySeconds: number): Settlement => ({ kind: "retry", delaySeconds });
