/** The guides as tests read them: their text, and the code in them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const readGuide = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../src/docs", `${name}.md`), "utf8");

/** The code blocks of a guide whose first line names a file, by that name. */
export function filesOf(guide: string): Map<string, string> {
  const blocks = readGuide(guide).matchAll(
    /^```\w+\n((?:<\?php )?(?:\/\/|#) (\w+\.\w+)\b.*\n[\s\S]*?)^```$/gm,
  );
  return new Map([...blocks].map(([, code = "", name = ""]) => [name, code]));
}
