/** How long logs are kept: ended ones for RETENTION_DAYS, due ones until they end. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { envWithLosingQueues, handleAttempts, reportUnheard, sweepOnce } from "../support/handlers.ts";
import { logOf, makeOrg, receiver } from "../support/words.ts";

const DAY_MS = 86_400_000;

const ageBy = (days: number, call_id: string) =>
  env.DB.prepare("UPDATE webhook_logs SET created_at = created_at - ? WHERE call_id = ?")
    .bind(days * DAY_MS, call_id)
    .run();

test("an ended log is removed with its attempts after RETENTION_DAYS; a younger one and one that is due stay", async () => {
  const org = await makeOrg();
  const crm = await receiver(200);
  const [old, young, due] = [
    await reportUnheard(org, crm.url),
    await reportUnheard(org, crm.url),
    await reportUnheard(org, crm.url),
  ];
  const { env: lossy } = envWithLosingQueues();
  await handleAttempts(lossy, [old, young]);
  await Promise.all([ageBy(31, old.call_id), ageBy(29, young.call_id), ageBy(31, due.call_id)]);
  await sweepOnce(lossy);
  expect(await logOf(org, old.call_id)).toBeNull();
  expect(await logOf(org, young.call_id)).toMatchObject({ status: "delivered", metadata: [{}] });
  expect(await logOf(org, due.call_id)).toMatchObject({ status: "pending" });
});
