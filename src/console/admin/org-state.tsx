/** An org's state: colour, shape and word. */
import type { AdminOrg } from "../answers.ts";
import type { Kind } from "../log-state.ts";
import { Status } from "../parts/status.tsx";

const STATES: Record<AdminOrg["state"], { kind: Kind; word: string }> = {
  active: { kind: "ok", word: "Active" },
  suspended: { kind: "off", word: "Suspended" },
  erasing: { kind: "wait", word: "Being erased" },
};

export function OrgState({ state }: Pick<AdminOrg, "state">) {
  const { kind, word } = STATES[state];
  return <Status kind={kind}>{word}</Status>;
}
