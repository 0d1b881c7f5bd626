/**
 * The Worker of `npm start`: the service, plus what only a local server needs. It answers to this machine's names
 * only, and prints a line for each attempt. It is never deployed.
 */
import type { AttemptReply, AttemptRequest } from "../call/attempt-request.ts";
import type { AttemptEntry, AttemptKey } from "../core/webhook-log.ts";
import { refuse } from "../http/answer.ts";
import postcall, { Call as DeployedCall } from "../index.ts";
import { type AssetsBinding, fetchAsset } from "./assets.ts";

export { Inbox } from "../index.ts";

const OWN_HOSTS = ["127.0.0.1", "localhost", "[::1]"];

export default {
  ...postcall,
  /**
   * A web page could otherwise reach this server through a host name of its own that resolves to this machine (DNS
   * rebinding).
   */
  async fetch(request, env, ctx) {
    const host = request.headers.get("host") ?? "";
    const hosts = [...OWN_HOSTS, new URL(env.PUBLIC_URL).hostname];
    if (hosts.includes(host.replace(/:\d+$/, "").toLowerCase()))
      return (await fetchAsset(request, env)) ?? postcall.fetch(request, env, ctx);
    const message = `This local server answers to ${hosts.join(", ")} only, and the request's host is ${JSON.stringify(host.slice(0, 200))}. To be reached by another name, set PUBLIC_URL.`;
    return refuse({ error: "FORBIDDEN", message });
  },
} satisfies ExportedHandler<Env & AssetsBinding>;

/** A call's object that prints each attempt when it is made. */
export class Call extends DeployedCall {
  readonly #printed = new Set<string>();

  override async attempt(request: AttemptRequest): Promise<AttemptReply> {
    return this.#print(request.key, await super.attempt(request), request.url);
  }

  override async lookUp(key: AttemptKey, waitMs: number, newestOrdinal = 0): Promise<AttemptReply> {
    return this.#print(key, await super.lookUp(key, waitMs, newestOrdinal));
  }

  #print(key: AttemptKey, reply: AttemptReply, url = ""): AttemptReply {
    const name = `${key.delivery_id} ${key.attempt}`;
    if (reply.kind !== "made" || this.#printed.has(name)) return reply;
    this.#printed.add(name);
    console.log(attemptLine(key, reply.entry, url));
    return reply;
  }
}

/** Such as `12:30:01.250  call-1  spawn 1 → 503 http_status in 12ms  http://127.0.0.1:9000/hook`. */
function attemptLine({ call_id, attempt }: AttemptKey, entry: AttemptEntry, url: string): string {
  const { send_type, sent_at, response_code, response_ms, error } = entry;
  const time = new Date(sent_at).toISOString().slice(11, -1);
  const outcome = [response_code, error].filter((part) => part !== null).join(" ");
  return `${time}  ${call_id}  ${send_type} ${attempt} → ${outcome} in ${response_ms}ms  ${url.replace(/\?.*/, "")}`;
}
