/** The endpoints that need somebody: what is wrong, what waits, and what can be done. */
import type { Endpoint } from "../answers.ts";
import { now } from "../clock.ts";
import { EndpointButtons } from "../endpoints/buttons.tsx";
import { endpointSentence, kindOfEndpoint } from "../endpoints/state.ts";
import { WaitingCalls } from "../endpoints/waiting-calls.tsx";
import { count, endpointName } from "../format.ts";
import type { Part } from "../log-state.ts";
import { Columns } from "../parts/columns.tsx";
import { Sentence, Status } from "../parts/status.tsx";
import { Until } from "../parts/time.tsx";
import { addressOf } from "../router.ts";
import { can } from "../session.ts";

/** An active endpoint that fails often. */
export interface Failing {
  url: string;
  sentence: readonly Part[];
}

/** The page of endpoints has them all. */
const ROWS_MOST = 10;

interface Props {
  /** Those that are not active. */
  endpoints: readonly Endpoint[];
  failing: readonly Failing[];
  onDone: () => void;
}

export function TroubledEndpoints({ endpoints, failing, onDone }: Props) {
  if (endpoints.length + failing.length === 0)
    return (
      <section>
        <h2>Endpoints that need somebody</h2>
        <p class="calm">
          <Status kind="ok">None.</Status> Each endpoint takes its calls, as far as we know.
        </p>
      </section>
    );
  return (
    <section>
      <h2>Endpoints that need somebody</h2>
      <table class="stacks">
        <Columns
          names={["Endpoint", "What is wrong", "Waiting", "Next probe"]}
          right={["Waiting", "Next probe"]}
          hasActs
        />
        <tbody>
          {endpoints.slice(0, ROWS_MOST).map((endpoint) => (
            <DownRow key={endpoint.url} endpoint={endpoint} onDone={onDone} />
          ))}
          {failing.map((each) => (
            <FailingRow key={each.url} failing={each} onDone={onDone} />
          ))}
        </tbody>
      </table>
      {endpoints.length > ROWS_MOST && (
        <p>
          <a href={addressOf("endpoints")}>All {count(endpoints.length)} of them</a>
        </p>
      )}
    </section>
  );
}

/** The columns of their own say what waits and when it is probed. */
const whatIsWrong = (endpoint: Endpoint): Part[] =>
  endpointSentence(endpoint, now.value, { waiting: true, probe: true });

function DownRow({ endpoint, onDone }: { endpoint: Endpoint; onDone: () => void }) {
  const { url, next_probe_at, waiting } = endpoint;
  return (
    <tr>
      <td class="mono where">
        <a class="named" href={addressOf("endpoints", { q: url })}>
          {endpointName(url)}
        </a>
      </td>
      <td class="what">
        <Status kind={kindOfEndpoint(endpoint)}>
          <span>
            <Sentence parts={whatIsWrong(endpoint)} />
          </span>
        </Status>
      </td>
      <td class="right" data-label="Waiting">
        <WaitingCalls endpoint={endpoint} />
      </td>
      <td class={next_probe_at === null ? "right dim is-empty" : "right dim"} data-label="Next probe">
        {next_probe_at === null ? "–" : waiting === 0 ? "the next call" : <Until at={next_probe_at} />}
      </td>
      <td class="acts">
        <div>
          <a class="button" href={addressOf("calls", { url })}>
            Calls
          </a>
          {can("configure") && <EndpointButtons endpoint={endpoint} onDone={onDone} />}
        </div>
      </td>
    </tr>
  );
}

function FailingRow({ failing: { url, sentence }, onDone }: { failing: Failing; onDone: () => void }) {
  return (
    <tr>
      <td class="mono where">
        <a class="named" href={addressOf("endpoints", { q: url })}>
          {endpointName(url)}
        </a>
      </td>
      <td class="what">
        <Status kind="bad">
          <span>
            <Sentence parts={sentence} />
          </span>
        </Status>
      </td>
      <td class="right dim is-empty">–</td>
      <td class="right dim is-empty">–</td>
      <td class="acts">
        <div>
          <a class="button" href={addressOf("calls", { url, status: "failed,retrying" })}>
            Calls
          </a>
          {can("configure") && (
            <EndpointButtons
              endpoint={{ url, state: "active", waiting: 0, waiting_exact: true }}
              onDone={onDone}
            />
          )}
        </div>
      </td>
    </tr>
  );
}
