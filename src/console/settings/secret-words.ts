/** What each signing secret does now, and what a rotation will do, in words. Pure. */
import type { SigningSecret } from "../answers.ts";
import { dayTimeZone, duration } from "../format.ts";
import type { Kind, Part } from "../log-state.ts";

export interface SecretRole {
  kind: Kind;
  word: string;
  told: string;
  /** The newest active one stays: it makes `x-webhook-signature`. */
  isNewestActive: boolean;
  /** It will take that place. */
  isAnnounced: boolean;
}

/** Which one makes `x-webhook-signature` now; while none is active, the newest. `secrets`: the newest first. */
const newestActiveOf = (secrets: readonly SigningSecret[], now: number): number =>
  Math.max(
    0,
    secrets.findIndex(({ activates_at }) => Date.parse(activates_at) <= now),
  );

export function roleOf(secret: SigningSecret, secrets: readonly SigningSecret[], now: number): SecretRole {
  const { activates_at, expires_at } = secret;
  const until = expires_at === null ? "" : ` until ${dayTimeZone(expires_at)}`;
  const place = secrets.indexOf(secret);
  const inUse = newestActiveOf(secrets, now);
  if (place === inUse)
    return {
      ...{ kind: "ok", word: "In use", isNewestActive: true, isAnnounced: false },
      told: `It makes x-webhook-signature, and one of the signatures in webhook-signature${until}.`,
    };
  // One that is older than the one in use never takes its place, whenever it was to be active.
  if (place < inUse)
    return {
      ...{ kind: "wait", word: "Announced", isNewestActive: false, isAnnounced: true },
      told: `It makes one of the signatures in webhook-signature already. From ${dayTimeZone(activates_at)} on it makes x-webhook-signature too.`,
    };
  return {
    ...{ kind: "off", word: "Leaving", isNewestActive: false, isAnnounced: false },
    told: `It makes one of the signatures in webhook-signature${until}, so that receivers that know only this one go on.`,
  };
}

const HOUR_MS = 3_600_000;

const TOO_SOON: Part[] = [
  " ",
  { strong: "A receiver that checks x-webhook-signature", kind: "bad" },
  " has to know the new one at once, or refuses what we send: announce it some hours before if there is such a one.",
];

/** What a rotation with these hours does. */
export function rotationWords(
  { overlapHours, activateInHours }: { overlapHours: number; activateInHours: number },
  now: number,
): Part[] {
  const activates = now + activateInHours * HOUR_MS;
  const ends = activates + overlapHours * HOUR_MS;
  const first: Part[] =
    activateInHours === 0
      ? ["The new secret makes both signature headers ", { strong: "at once" }, ". "]
      : [
          "The new secret makes one of the signatures in webhook-signature at once. It makes x-webhook-signature from ",
          { strong: dayTimeZone(activates) },
          ` on, in ${duration(activateInHours * HOUR_MS)}: until then receivers can be told. `,
        ];
  if (overlapHours > 0)
    return [
      ...first,
      "Receivers that check webhook-signature accept both until ",
      { strong: dayTimeZone(ends) },
      ". Then the older ones end.",
      ...(activateInHours === 0 ? TOO_SOON : []),
    ];
  return [
    ...first,
    {
      strong: activateInHours === 0 ? "The older ones end now" : "The older ones end at that moment",
      kind: "bad",
    },
    ": a receiver that does not know the new one refuses what we send.",
  ];
}
