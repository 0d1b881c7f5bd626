/**
 * Follows an inbox while the page is visible: by its stream, or where that is refused, by asking each 2 s. While the
 * page is hidden nothing goes on; when it is visible again, what it missed is asked for.
 */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CapturedRequest } from "../answers.ts";
import type { Answer, ApiError } from "../api.ts";
import { useLive } from "../live.ts";
import { type Captures, withArrived, withPageOne } from "./captures.ts";
import { askIfChanged, askPage, refusedBy } from "./captures-load.ts";

/** After a refusal the stream is tried again after this long. */
const STREAM_AGAIN_MS = 60_000;
const ASK_AGAIN_MS = 5_000;

type How = "stream" | "lost" | "asking";

export interface Followed {
  captures: Signal<Captures | null>;
  /** `stream`: each request comes at once. `lost`: the browser tries to connect again. `asking`: each 2 s. */
  how: Signal<How>;
  /** The message of a 404: the inbox has ended. */
  gone: Signal<string | null>;
  /** Why nothing can be shown. What the banners tell already is not here. */
  refused: Signal<readonly ApiError[]>;
}

export function useInbox(id: string): Followed {
  const captures = useSignal<Captures | null>(null);
  const how = useSignal<How>("lost");
  const gone = useSignal<string | null>(null);
  const refused = useSignal<readonly ApiError[]>([]);
  const path = `/v1/inboxes/${encodeURIComponent(id)}`;

  const take = (answer: Answer<Captures> | null) => {
    if (answer?.ok) captures.value = withPageOne(captures.value, answer.data);
    refused.value = refusedBy(answer);
    if (answer?.ok) return;
    if (answer?.status === 404) gone.value = answer.errors[0]?.message ?? "There is no such inbox.";
  };
  useEffect(
    () =>
      followWhileVisible(`${path}/stream`, {
        isOver: () => gone.value !== null,
        onOpen: async (signal, arrived) => {
          while (!signal.aborted) {
            const answer = await askPage(`${path}/requests`, { signal });
            take(answer);
            if (answer.ok || gone.value !== null) break;
            await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
          }
          if (signal.aborted) return;
          for (const request of arrived) captures.value = withArrived(captures.value ?? NONE, request);
          how.value = "stream";
        },
        onArrived: (request) => {
          captures.value = withArrived(captures.value ?? NONE, request);
        },
        onLost: () => {
          how.value = "lost";
        },
        onRefused: () => {
          how.value = "asking";
        },
      }),
    [path],
  );
  useLive(async (signal) => take(await askIfChanged(`${path}/requests`, { known: captures.value, signal })), {
    key: path,
    isOn: how.value === "asking" && gone.value === null,
  });
  return { captures, how, gone, refused };
}

const NONE: Captures = { rows: [], next: null };

interface Verbs {
  /** The inbox has ended: it is not asked for again. */
  isOver: () => boolean;
  /** It is connected, perhaps again: what came before is to be asked for. `arrived` grows until this has ended. */
  onOpen: (signal: AbortSignal, arrived: CapturedRequest[]) => Promise<void>;
  onArrived: (request: CapturedRequest) => void;
  onLost: () => void;
  onRefused: () => void;
}

function followWhileVisible(path: string, verbs: Verbs): () => void {
  let close: (() => void) | null = null;
  let again = 0;
  const open = () => {
    close = openStream(path, {
      ...verbs,
      onRefused: () => {
        verbs.onRefused();
        window.clearTimeout(again);
        again = window.setTimeout(onVisible, STREAM_AGAIN_MS);
      },
    });
  };
  const onVisible = () => {
    window.clearTimeout(again);
    close?.();
    close = null;
    if (!document.hidden && !verbs.isOver()) open();
  };
  document.addEventListener("visibilitychange", onVisible);
  onVisible();
  return () => {
    document.removeEventListener("visibilitychange", onVisible);
    window.clearTimeout(again);
    close?.();
  };
}

function openStream(path: string, { onOpen, onArrived, onLost, onRefused }: Verbs): () => void {
  const source = new EventSource(path);
  let opened = new AbortController();
  let early: CapturedRequest[] | null = null;
  source.addEventListener("open", () => {
    opened.abort();
    opened = new AbortController();
    const { signal } = opened;
    const arrived: CapturedRequest[] = [];
    early = arrived;
    void onOpen(signal, arrived).finally(() => {
      if (!signal.aborted) early = null;
    });
  });
  source.addEventListener("message", ({ data }) => {
    const request = JSON.parse(String(data)) as CapturedRequest;
    if (early === null) onArrived(request);
    else early.push(request);
  });
  source.addEventListener("error", () => {
    opened.abort();
    if (source.readyState === EventSource.CLOSED) onRefused();
    else onLost();
  });
  return () => {
    opened.abort();
    source.close();
  };
}
