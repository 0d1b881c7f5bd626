/** Whether the page is as narrow as a phone's: where style alone can't tell, such as how many bars fit. */
import { signal } from "@preact/signals";

const media = matchMedia("(max-width: 720px)");
const narrow = signal(media.matches);
media.addEventListener("change", () => (narrow.value = media.matches));

export const useNarrow = (): boolean => narrow.value;
