/** The runtime's processes among this process's children, and the CPU time and memory they use. From proc(5). */
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second, as `getconf CLK_TCK` gives it on every current Linux. */
const TICKS_PER_SECOND = 100;

function statOf(pid: string | number): { name: string; fields: string[] } | null {
  try {
    const [head = "", tail = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
    return { name: head.slice(head.indexOf("(") + 1), fields: tail.split(" ") };
  } catch {
    return null;
  }
}

/** The process ids of the runtimes this process has started. */
export function runtimePids(): number[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).filter((pid) => {
    const stat = statOf(pid);
    return stat?.name === "workerd" && Number(stat.fields[1]) === process.pid;
  });
}

/** The memory that a process holds, in bytes. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kilobytes === undefined) throw new Error(`the memory of process ${pid} is not told`);
  return Number(kilobytes) * 1_024;
}

/** User and system time of a process so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = statOf(pid);
  if (stat === null) throw new Error(`process ${pid} is gone, and its CPU count with it`);
  return ((Number(stat.fields[11]) + Number(stat.fields[12])) * 1_000) / TICKS_PER_SECOND;
}
