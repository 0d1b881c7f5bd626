/** Programs that check the signatures of the chosen attempt's request, in several languages. */
import { signal } from "@preact/signals";
import { copy } from "../announce.ts";
import type { AttemptWithDetails } from "../answers.ts";
import { Empty } from "../parts/form.tsx";
import { whyNoDetails } from "./attempt-words.ts";
import { download } from "./download.ts";
import { BODY_FILE, SECRET_VARIABLE, SNIPPETS, signedRequestOf } from "./snippets.ts";

/** Kept while the page is open, for whichever call. */
const language = signal("Node");

interface Props {
  attempt: AttemptWithDetails | undefined;
  body: string | null | undefined;
  isErased: boolean;
}

export function Verify({ attempt, body, isErased }: Props) {
  const signed = attempt?.request == null ? null : signedRequestOf(attempt.request);
  if (attempt === undefined || signed === null || body == null)
    return (
      <Empty title="There is no request to verify">
        <p>{whyNone(attempt, { isErased })}</p>
      </Empty>
    );
  const snippet = SNIPPETS.find((each) => each.language === language.value) ?? SNIPPETS[0];
  if (snippet === undefined) return null;
  const code = snippet.code(signed);
  return (
    <div class="verify">
      <p>
        This checks the very request of attempt {attempt.attempt}: HMAC-SHA256 of{" "}
        <code>webhook-id.webhook-timestamp.body</code>, keyed with the decoded secret, and of the body alone,
        keyed with the secret as you see it.
      </p>
      <ol>
        <li>
          <button type="button" class="button" onClick={() => download(body, BODY_FILE)}>
            Download {BODY_FILE}
          </button>{" "}
          It is the body, byte for byte.
        </li>
        <li>
          Put the program beside it as <code>{snippet.file}</code>:
          <fieldset class="choice">
            <legend class="unseen">Language</legend>
            {SNIPPETS.map((each) => (
              <button
                key={each.language}
                type="button"
                class="chip"
                aria-pressed={each === snippet}
                onClick={() => (language.value = each.language)}
              >
                {each.language}
              </button>
            ))}
          </fieldset>
          <div class="command">
            <pre>{code}</pre>
            <button type="button" class="button" onClick={() => void copy(code, "The program")}>
              Copy
            </button>
          </div>
        </li>
        <li>
          Set <code>{SECRET_VARIABLE}</code> to the org's signing secret, and run <code>{snippet.run}</code>.
          It prints <code>true</code> for each signature that is right.
        </li>
      </ol>
      <p class="dim small">
        Your receiver also compares the time, and in constant time: the{" "}
        <a href="/docs/receive">guide to receiving</a> has whole receivers.
      </p>
    </div>
  );
}

function whyNone(attempt: AttemptWithDetails | undefined, { isErased }: { isErased: boolean }): string {
  if (isErased) return "The payload was erased, so nothing is left to check.";
  if (attempt === undefined) return "Once an attempt is made, programs that check its signatures are here.";
  return whyNoDetails(attempt, { isErased }) ?? "This attempt sent nothing. Choose another one.";
}
