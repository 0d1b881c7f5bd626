/** One endpoint: how it fares, what waits, what it has for itself, and what can be done. */
import type { Endpoint } from "../answers.ts";
import { now } from "../clock.ts";
import { endpointName, visible } from "../format.ts";
import { Button } from "../parts/form.tsx";
import { Sentence, Status } from "../parts/status.tsx";
import { addressOf } from "../router.ts";
import { can } from "../session.ts";
import { EndpointButtons } from "./buttons.tsx";
import { settingsWords } from "./draft.ts";
import { endpointSentence, kindOfEndpoint } from "./state.ts";
import { WaitingCalls } from "./waiting-calls.tsx";

interface Props {
  endpoint: Endpoint;
  onDone: () => void;
  onSettings: () => void;
}

export function EndpointRow({ endpoint, onDone, onSettings }: Props) {
  const { url, waiting, settings } = endpoint;
  const words = settingsWords(settings);
  return (
    <tr>
      <td class="where">
        <a class="named mono" href={addressOf("calls", { url })} title={`${url}: its calls`}>
          {endpointName(url)}
        </a>
        {settings.description !== null && <span class="about">{visible(settings.description)}</span>}
      </td>
      <td class="what">
        {/* The next column says what waits. */}
        <Status kind={kindOfEndpoint(endpoint)}>
          <span>
            <Sentence parts={endpointSentence(endpoint, now.value, { waiting: true })} />
          </span>
        </Status>
      </td>
      <td class={waiting === 0 ? "right dim is-empty" : "right"} data-label="Waiting">
        <WaitingCalls endpoint={endpoint} />
      </td>
      <td class={words.length === 0 ? "has dim is-empty" : "has"}>
        {words.length === 0 ? "–" : visible(words.join(" · "))}
      </td>
      <td class="acts">
        {can("configure") && (
          <div>
            <EndpointButtons endpoint={endpoint} onDone={onDone} />
            <Button onClick={onSettings}>
              Settings<span class="unseen"> of {endpointName(url)}</span>
            </Button>
          </div>
        )}
      </td>
    </tr>
  );
}
