/** Answers that no HTTP library gives: bytes put on a receiver's connection as they are, at a pace and with an end. */
import type { Socket } from "node:net";

/** Each character of a text is one byte. */
export interface RawAnswer {
  /** Written at once. */
  start?: string;
  /** Written after that: as fast as it is taken, or a byte each `everyMs`. Without `times` it never stops. */
  repeated?: { text: string; times?: number; everyMs?: number };
  /** What becomes of the connection then; by itself it stays open. */
  end?: "close" | "reset";
}

/** Settles once the connection is over, whoever ended it. */
export async function answerRaw(socket: Socket, { start = "", repeated, end }: RawAnswer): Promise<void> {
  const over = new Promise<void>((done) => (socket.destroyed ? done() : socket.once("close", () => done())));
  socket.on("error", () => {}); // a caller that has had enough
  await write(socket, start);
  if (repeated !== undefined) await repeat(socket, repeated);
  if (end === "close") socket.end();
  if (end === "reset") socket.resetAndDestroy();
  return over;
}

async function repeat(
  socket: Socket,
  { text, times = Number.POSITIVE_INFINITY, everyMs }: NonNullable<RawAnswer["repeated"]>,
): Promise<void> {
  for (let time = 0; time < times && socket.writable; time++) {
    if (everyMs === undefined) {
      await write(socket, text);
      continue;
    }
    await new Promise((done) => setTimeout(done, everyMs));
    await write(socket, text.charAt(time % text.length));
  }
}

/** Settles once the bytes are on their way, or can't be any more. */
const write = (socket: Socket, text: string) =>
  new Promise<void>((done) => void socket.write(text, "latin1", () => done()));
