/** How times, durations, sizes, numbers and addresses are written. Pure: the time now is an argument. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in milliseconds, in its two largest units: "84 ms", "1.2 s", "4 min 12 s", "3 h". */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  const parts = [
    [Math.floor(seconds / 86_400), seconds >= 2 * 86_400 ? "days" : "day"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** The same in one unit, for lists: "12 s", "3 min", "5 h", "2 days". */
export function roughly(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} days`;
}

/** A past time: "12 s ago". One that the other side's clock has put into the future is "now". */
export const ago = (at: string, now: number): string => {
  const past = now - Date.parse(at);
  return past < SECOND ? "now" : `${roughly(past)} ago`;
};

/** A time to come: "in 4 min 12 s"; one that has come is "now". */
export const until = (at: string, now: number): string => {
  const ahead = Math.ceil((Date.parse(at) - now) / SECOND) * SECOND;
  return ahead <= 0 ? "now" : `in ${ahead < 10 * SECOND ? `${ahead / SECOND} s` : duration(ahead)}`;
};

const two = (value: number | string, digits = 2) => String(value).padStart(digits, "0");

/** A countdown: "4:12", "1:04:12". */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}

/** A time of day here: "16:25:47". */
export const timeOfDay = (at: string | number): string => {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => two(part)).join(":");
};

export const timeOfDayMs = (at: string | number): string =>
  `${timeOfDay(at)}.${two(new Date(at).getMilliseconds(), 3)}`;

/** A day and time here: "2026-11-26 16:25". */
export const dayAndTime = (at: string | number): string => {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeOfDay(at).slice(0, 5)}`;
};

/** The zone of the times here: "GMT+1". */
export const zone = (at: string | number = 0): string =>
  new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" })
    .formatToParts(new Date(at || Date.now()))
    .find(({ type }) => type === "timeZoneName")?.value ?? "UTC";

/** "2026-11-26 16:25 GMT+1". */
export const dayTimeZone = (at: string | number): string => `${dayAndTime(at)} ${zone(at)}`;

/** All of a time, with its zone: "2026-11-26 16:25:47.310 GMT+1". */
export const exactly = (at: string): string =>
  `${dayAndTime(at).slice(0, 10)} ${timeOfDayMs(at)} ${zone(at)}`;

export const count = (value: number): string => value.toLocaleString("en");

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "1 call", "2 calls". */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

export const percent = (share: number): string =>
  `${(Math.floor(share * 1_000) / 10).toLocaleString("en", { maximumFractionDigits: 1 })} %`;

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  const [divisor, unit] = value < 1e6 ? [1e3, "KB"] : value < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(value / divisor).toFixed(value / divisor < 10 ? 1 : 0)} ${unit}`;
}

/** North American numbers in groups; others as they are, because their groups differ from country to country. */
export const phone = (number: string): string => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");

/** An endpoint without its scheme: "crm.example/hook". */
export const endpointName = (url: string): string => {
  const { host, pathname } = new URL(url);
  return pathname === "/" ? host : `${host}${pathname}`;
};

/** A receiver's host: what a sentence calls it. */
export const hostOf = (url: string | null): string => (url === null ? "The receiver" : new URL(url).host);

/** An endpoint's URL: without query and fragment. */
export const endpointOf = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

/** What the receiver answered, or why there was no answer: "503", "timeout". */
export const outcomeOf = ({
  response_code,
  error,
}: {
  response_code: number | null;
  error: string | null;
}) => (response_code === null ? (error ?? "no answer").replaceAll("_", " ") : String(response_code));

/** Characters that turn the direction of text around, or can't be seen, as their code points. */
export const visible = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is shown
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\u27e8U+${two(character.charCodeAt(0).toString(16).toUpperCase(), 4)}\u27e9`,
  );
