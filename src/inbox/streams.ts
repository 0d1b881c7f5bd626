/**
 * The live streams of an inbox, as server-sent events. A stream reads the next request from storage when its client
 * has taken the one before. Nothing is buffered for a slow client; a client that is too slow misses requests that
 * were removed.
 */

/** One event: the request's id, from which a client can resume, and its JSON text. */
export interface StreamEvent {
  id: number;
  text: string;
}

/** The most streams at once. One more ends the oldest: each stream keeps its object awake, and billed. */
const STREAM_LIMIT = 10;
/** A comment is sent this often. It keeps the connection open and reveals that a client has left. */
const KEEP_ALIVE_MS = 15_000;

const encoder = new TextEncoder();

/** `wake` ends a stream's wait for the next request. */
interface Listener {
  wake: () => void;
  isOver: boolean;
}

export interface Streams {
  /** A stream of what comes after the request `last`. */
  open: (last: number) => ReadableStream<Uint8Array>;
  /** There is a new request. */
  notify: () => void;
  endAll: () => void;
}

export function openStreams(read: (after: number) => StreamEvent | null): Streams {
  const listeners = new Set<Listener>();
  const end = (listener: Listener) => {
    listener.isOver = true;
    listeners.delete(listener);
    listener.wake();
  };

  function open(last: number): ReadableStream<Uint8Array> {
    const listener: Listener = { wake: () => {}, isOver: false };
    listeners.add(listener);
    const [oldest] = listeners;
    if (listeners.size > STREAM_LIMIT && oldest !== undefined) end(oldest);
    let after = last;
    const next = async (): Promise<string | null> => {
      while (!listener.isOver) {
        const event = read(after);
        if (event !== null) {
          after = event.id;
          return `id: ${event.id}\ndata: ${event.text}\n\n`;
        }
        if (!(await isWoken(listener))) return ": keep-alive\n\n";
      }
      return null;
    };
    return new ReadableStream({
      type: "bytes",
      start: (controller) => controller.enqueue(encoder.encode(": listening\n\n")),
      pull: async (controller) => {
        const text = await next();
        if (text === null) controller.close();
        else controller.enqueue(encoder.encode(text));
      },
      cancel: () => end(listener),
    });
  }

  return {
    open,
    notify: () => {
      for (const { wake } of listeners) wake();
    },
    endAll: () => {
      for (const listener of [...listeners]) end(listener);
    },
  };
}

/** True when it is woken, false if that takes too long. */
function isWoken(listener: Listener): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), KEEP_ALIVE_MS);
  listener.wake = () => {
    clearTimeout(timer);
    resolve(true);
  };
  return promise;
}
