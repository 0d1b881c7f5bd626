/** How many calls wait for an endpoint, as a link to them. */
import type { Endpoint } from "../answers.ts";
import { count } from "../format.ts";
import { addressOf } from "../router.ts";

export function WaitingCalls({ endpoint }: { endpoint: Endpoint }) {
  const { url, waiting, waiting_exact } = endpoint;
  if (waiting === 0) return <>0</>;
  return (
    <a href={addressOf("calls", { url, waiting: "true" })}>
      {count(waiting)}
      {!waiting_exact && "+"}
    </a>
  );
}
