/** The endpoints as a table; on a phone as cards. */
import type { Endpoint } from "../answers.ts";
import { EndpointRow } from "./row.tsx";

interface Props {
  endpoints: readonly Endpoint[];
  onDone: () => void;
  onSettings: (endpoint: Endpoint) => void;
}

export const EndpointsTable = ({ endpoints, onDone, onSettings }: Props) => (
  <table class="stacks endpoints">
    <thead>
      <tr>
        <th scope="col">Endpoint</th>
        <th scope="col">How it fares</th>
        <th scope="col" class="right">
          Waiting
        </th>
        <th scope="col">Its own settings</th>
        <th scope="col">
          <span class="unseen">What can be done</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {endpoints.map((endpoint) => (
        <EndpointRow
          key={endpoint.url}
          endpoint={endpoint}
          onDone={onDone}
          onSettings={() => onSettings(endpoint)}
        />
      ))}
    </tbody>
  </table>
);
