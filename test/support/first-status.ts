/** The first status of a report by the table. The service's INSERT is generated from the same table. */
import { FIRST_STATUSES, type FirstConditions } from "../../src/core/citations.ts";
import type { LogStatus } from "../../src/core/webhook-log.ts";

export function firstStatus(conditions: FirstConditions): LogStatus {
  const holds = ({ when }: (typeof FIRST_STATUSES)[number]) =>
    Object.entries(when).every(([name, is]) => conditions[name as keyof FirstConditions] === is);
  return FIRST_STATUSES.find(holds)?.status ?? "pending";
}
