/** What each signing secret does, and what a rotation will do, in words. */
import { describe, expect, test } from "vitest";
import type { SigningSecret } from "../../src/console/answers.ts";
import { dayTimeZone } from "../../src/console/format.ts";
import { textOf } from "../../src/console/log-state.ts";
import { roleOf, rotationWords } from "../../src/console/settings/secret-words.ts";

const NOW = Date.UTC(2026, 10, 26, 12);
const HOUR = 3_600_000;
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();

const secret = (id: string, activates: number, expires: number | null): SigningSecret => ({
  ...{ id, created_at: at(-1), activates_at: at(activates) },
  expires_at: expires === null ? null : at(expires),
});

const rolesOf = (secrets: SigningSecret[]) =>
  secrets.map((one) => {
    const { word, isNewestActive } = roleOf(one, secrets, NOW);
    return isNewestActive ? `${word}, stays` : word;
  });

describe("secrets", () => {
  test("the only one is in use and stays", () => {
    expect(rolesOf([secret("a", -1, null)])).toEqual(["In use, stays"]);
  });

  test("an announced one does not make x-webhook-signature yet, and can be ended", () => {
    const secrets = [secret("new", 48, null), secret("old", -10, 72)];
    expect(rolesOf(secrets)).toEqual(["Announced", "In use, stays"]);
    expect(secrets.map((one) => roleOf(one, secrets, NOW).isAnnounced)).toEqual([true, false]);
    expect(secrets.map((one) => roleOf(one, secrets, NOW).told)[0]).toContain(dayTimeZone(at(48)));
  });

  test("an older one leaves when the overlap ends", () => {
    expect(rolesOf([secret("new", 0, null), secret("old", -10, 24)])).toEqual(["In use, stays", "Leaving"]);
    const [newest, old] = [secret("new", 0, null), secret("old", -10, 24)];
    expect(roleOf(old, [newest, old], NOW).told).toContain(`until ${dayTimeZone(at(24))}`);
  });

  test("an announced one that a newer one has overtaken leaves", () => {
    expect(rolesOf([secret("now", 0, null), secret("later", 48, 24), secret("old", -10, 24)])).toEqual([
      ...["In use, stays", "Leaving", "Leaving"],
    ]);
  });

  test("while none is active the newest stays", () => {
    expect(rolesOf([secret("b", 2, null), secret("a", 1, 3)])).toEqual(["In use, stays", "Leaving"]);
  });
});

describe("a rotation", () => {
  const words = (overlapHours: number, activateInHours: number) =>
    textOf(rotationWords({ overlapHours, activateInHours }, NOW));

  test("at once tells until when receivers accept both", () => {
    expect(words(24, 0)).toBe(
      `The new secret makes both signature headers at once. Receivers that check webhook-signature accept both until ${dayTimeZone(at(24))}. Then the older ones end. A receiver that checks x-webhook-signature has to know the new one at once, or refuses what we send: announce it some hours before if there is such a one.`,
    );
  });

  test("announced tells from when it is in use, and counts the overlap from then", () => {
    expect(words(24, 48)).toContain(`x-webhook-signature from ${dayTimeZone(at(48))} on, in 2 days`);
    expect(words(24, 48)).toContain(`accept both until ${dayTimeZone(at(72))}`);
  });

  test("without an overlap warns", () => {
    expect(words(0, 0)).toContain("The older ones end now");
    expect(words(0, 5)).toContain("The older ones end at that moment");
  });
});
