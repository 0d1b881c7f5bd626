/** What somebody does to an endpoint. Each tells what came of it, and answers whether it was done. */
import { tell } from "../announce.ts";
import type { Endpoint } from "../answers.ts";
import { ask, messageOf } from "../api.ts";
import { counted, endpointName } from "../format.ts";

type Named = Pick<Endpoint, "url">;

async function act<T>(path: string, json: object, done: (data: T) => string): Promise<boolean> {
  const answer = await ask<T>("POST", `/v1/endpoints/${path}`, { json });
  tell(answer.ok ? done(answer.data) : messageOf(answer), answer.ok ? "ok" : "bad");
  return answer.ok;
}

export const pause = ({ url }: Named): Promise<boolean> =>
  act("pause", { url }, () => `${endpointName(url)} is paused. Its calls wait.`);

export const probe = ({ url }: Named): Promise<boolean> =>
  act("probe", { url }, () => `The next probe of ${endpointName(url)} goes now.`);

export const enable = ({ url }: Named, { redeliver }: { redeliver: boolean }): Promise<boolean> =>
  act<Endpoint & { redelivering: number }>("enable", { url, redeliver }, ({ redelivering }) => {
    if (!redeliver)
      return `${endpointName(url)} is enabled. The calls that waited are dropped: nothing is sent for them.`;
    const sent = redelivering > 0 ? ` ${counted(redelivering, "call is", "calls are")} sent now.` : "";
    return `${endpointName(url)} is enabled.${sent}`;
  });
