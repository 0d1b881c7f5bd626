/** Describes a fault program in words. */
import type { Luck, Program, ReceiverAnswer, Step } from "./program.ts";

/** The program, a line for each step. */
export const describeProgram = ({ answers, steps }: Program): string =>
  [
    `the receiver answers ${answers.map(describeAnswer).join(", ")} (the last to all that follow)`,
    ...steps.map((step, index) => `${index + 1}. ${describeStep(step)}`),
  ].join("\n");

const describeAnswer = ({ status, isHeld }: ReceiverAnswer) => `${status}${isHeld ? " once told to" : ""}`;

function describeStep(step: Step): string {
  switch (step.kind) {
    case "report":
      return `report ${step.call}, variant ${step.variant}${step.isToBeHeld ? ", to be held" : ""}, to ${step.to}${describeLuck(step.luck)}`;
    case "cite":
      return `cite ${step.call}, ${step.variant === null ? "nothing" : `variant ${step.variant}`}${describeLuck(step.luck)}`;
    case "resend":
    case "create":
      return `${step.kind} ${step.calls.join(" and ")}${describeKey(step.key)}${describeLuck(step.luck)}`;
    case "release":
      return `release ${step.call}${describeLuck(step.luck)}`;
    case "erase":
      return `erase ${step.call}${step.isRepeated ? ", again at the end" : ""}${describeLuck(step.luck)}`;
    case "erase_delivered":
      return `payloads ${step.on ? "go" : "stay"} once they are delivered${describeLuck(step.luck)}`;
    case "deliver_some":
      return `deliver messages ${step.picks.join(", ")}${describeLuck(step.luck)}`;
    case "give_up":
      return `give up messages ${step.picks.join(", ")} after ${step.rounds} rounds${describeLuck(step.luck)}`;
    case "deliver_due":
      return `deliver what is due next${describeLuck(step.luck)}`;
    case "enable":
      return `enable${step.redeliver ? "" : " without redelivery"}${describeLuck(step.luck)}`;
    case "limit":
      return `limit the rate to ${step.rate}${describeLuck(step.luck)}`;
    case "pause":
    case "probe":
    case "suspend":
    case "unsuspend":
    case "sweep":
      return `${step.kind}${describeLuck(step.luck)}`;
    case "lose":
    case "repeat":
      return `${step.kind} message ${step.pick}`;
    case "pass":
      return `${step.seconds} s pass`;
    case "refuse_writes":
      return "the database refuses writes";
    case "take_writes":
      return "the database takes writes again";
    case "lose_floor":
      return "the floor of the sweep's walk is lost";
    case "age_floor":
      return "the floor of the sweep's walk is an hour old";
    case "forget":
      return "idle objects are evicted";
    case "answer":
      return "the receiver answers what waits";
    case "wake":
      return "stalled runs go on";
  }
}

const describeKey = (key: { name: string; times: number } | undefined): string =>
  key === undefined ? "" : ` with key ${key.name}${key.times === 1 ? "" : `, ${key.times} at once`}`;

const FAULT_WORDS = {
  fail: "fails",
  late: "fails and takes effect late, or its object lives on",
  kill: "ends the run",
  stall: "stalls the run",
};

const describeLuck = ({ faults, skewMs, isolate = 0 }: Luck): string =>
  [
    ...faults.map(({ at, when, what }) => `; ${when} operation ${at} it ${FAULT_WORDS[what]}`),
    ...(skewMs === 0 ? [] : [`; its clock is off by ${skewMs} ms`]),
    ...(isolate === 0 ? [] : [`; in isolate ${isolate}`]),
  ].join("");
