/**
 * The status and the reason that a log `l` is shown with, as expressions: the table of `shownState` in
 * `core/endpoint.ts`. A test holds that they agree.
 */
import { endpointOf } from "./endpoints.ts";

/** The state of the endpoint of log `l`: a row more that is read. */
export const ENDPOINT_STATE = `(SELECT e.state FROM endpoints AS e
  WHERE e.user_id = l.user_id AND e.url = ${endpointOf("l.url")})`;

export const SHOWN_STATUS = `CASE WHEN l.parked IS NULL THEN l.status WHEN ${ENDPOINT_STATE} = 'disabled' THEN 'disabled'
  WHEN l.attempts = 0 THEN 'pending' ELSE 'retrying' END`;

export const SHOWN_REASON = `CASE WHEN l.parked IS NULL THEN l.reason ELSE CASE ${ENDPOINT_STATE}
  WHEN 'disabled' THEN 'endpoint_disabled' WHEN 'paused' THEN 'endpoint_paused' WHEN 'degraded' THEN 'endpoint_degraded'
  ELSE coalesce(l.reason, 'endpoint_degraded') END END`;
