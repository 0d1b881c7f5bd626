/** The endpoints as a table; on a phone as cards. */
import type { Endpoint } from "../answers.ts";
import { Columns } from "../parts/columns.tsx";
import { EndpointRow } from "./row.tsx";

interface Props {
  endpoints: readonly Endpoint[];
  onDone: () => void;
  onSettings: (endpoint: Endpoint) => void;
}

export const EndpointsTable = ({ endpoints, onDone, onSettings }: Props) => (
  <table class="stacks endpoints">
    <Columns
      names={["Endpoint", "How it fares", "Waiting", "Its own settings"]}
      right={["Waiting"]}
      hasActs
    />
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
