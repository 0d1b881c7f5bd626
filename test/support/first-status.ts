/** How a report begins by the table. The service's INSERT is generated from the same table. */
import { FIRST_STATES, type FirstConditions } from "../../src/core/citations.ts";

export type FirstState = (typeof FIRST_STATES)[number]["state"] | "pending";

export function firstState(conditions: FirstConditions): FirstState {
  const holds = ({ when }: (typeof FIRST_STATES)[number]) =>
    Object.entries(when).every(([name, is]) => conditions[name as keyof FirstConditions] === is);
  return FIRST_STATES.find(holds)?.state ?? "pending";
}
