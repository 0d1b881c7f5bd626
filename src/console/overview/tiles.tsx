/** The overview's figures. Red is only what needs somebody. */
import type { ComponentChildren } from "preact";
import type { Endpoint, Stats } from "../answers.ts";
import { count, counted, duration } from "../format.ts";
import { addressOf } from "../router.ts";
import { approxOf, waitingAt } from "./words.ts";

interface TileProps {
  figure: string;
  children: ComponentChildren;
  isAlert?: boolean;
}

const Tile = ({ figure, children, isAlert = false }: TileProps) => (
  <div class={isAlert ? "tile is-alert" : "tile"}>
    <b>{figure}</b>
    <span>{children}</span>
  </div>
);

/** `endpoints`: those that are not active. */
export function Tiles({ stats, endpoints }: { stats: Stats; endpoints: readonly Endpoint[] }) {
  const { calls, response_time_ms, overdue, since } = stats;
  const approx = approxOf(stats);
  const { p50, p95 } = response_time_ms;
  const waitedFor = endpoints.filter(({ waiting }) => waiting > 0);
  const { waiting, isExact } = waitingAt(waitedFor);
  const isDown = waitedFor.some(({ state }) => state !== "paused");
  return (
    <div class="tiles">
      <Tile figure={`${approx}${count(calls.delivered)}`}>
        <a href={addressOf("calls", { status: "delivered", since })}>delivered</a> of {count(calls.total)}
      </Tile>
      <Tile figure={p50 === null ? "–" : `${approx}${duration(p50)}`}>
        p50 of receivers{p95 !== null && `, p95 ${duration(p95)}`}
      </Tile>
      <Tile figure={`${count(waiting)}${isExact ? "" : "+"}`} isAlert={waiting > 0 && isDown}>
        {waiting === 0 ? (
          "waiting for an endpoint"
        ) : (
          <>
            <a href={addressOf("calls", { waiting: "true" })}>waiting</a> for{" "}
            {counted(waitedFor.length, "endpoint")}
          </>
        )}
      </Tile>
      <Tile figure={`${overdue > 0 ? approx : ""}${count(overdue)}`} isAlert={overdue > 0}>
        overdue in our own queue
        {overdue > 0 && (
          <>
            : our trouble, not a receiver's. <a href="/docs/operate">What to do</a>
          </>
        )}
      </Tile>
    </div>
  );
}
