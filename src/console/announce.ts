/** What a screen reader is told: at most once each 10 s, and then the newest. And short messages that everybody sees. */
import { signal } from "@preact/signals";

const EVERY_MS = 10_000;

export const announced = signal("");
let told = 0;
let waiting = 0;

export function announce(text: string): void {
  window.clearTimeout(waiting);
  const tell = () => {
    told = Date.now();
    announced.value = text;
  };
  const early = told + EVERY_MS - Date.now();
  if (early <= 0) tell();
  else waiting = window.setTimeout(tell, early);
}

export interface Toast {
  text: string;
  kind: "ok" | "bad";
}

export const toast = signal<Toast | null>(null);
let shown = 0;

/** Shows a message for 6 s. A failure stays until it is closed. */
export function tell(text: string, kind: Toast["kind"] = "ok"): void {
  window.clearTimeout(shown);
  toast.value = { text, kind };
  if (kind === "ok") shown = window.setTimeout(() => (toast.value = null), 6_000);
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(`${what} copied.`);
  } catch {
    tell("The browser did not let us copy. Select the text and copy it.", "bad");
  }
}
