/**
 * The live streams of an inbox, as server-sent events. A stream reads the next request from storage whenever its client
 * has taken the one before: nothing is buffered for a client that is slow, and one that is too slow misses what has gone.
 */

/** One event: the request's id, by which a client resumes, and its JSON text. */
export interface StreamEvent {
  id: number;
  text: string;
}

/** One more ends the one that has been open longest: a stream keeps its object awake, and billed. */
const STREAM_LIMIT = 10;
/** A comment this often keeps the connection, and finds out that a client is gone. */
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

/** True once it is woken, false after a while without. */
function isWoken(listener: Listener): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), KEEP_ALIVE_MS);
  listener.wake = () => {
    clearTimeout(timer);
    resolve(true);
  };
  return promise;
}
