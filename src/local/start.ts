/** `npm start` runs the service on this machine until it is stopped. `PORT` and `STATE_DIR` say where. */
import { ConfigError } from "../config.ts";
import { LOCAL_KEY, LOCAL_ORG } from "./seed.ts";
import { startLocalServer } from "./server.ts";
import { LOCAL_ADMIN_KEY } from "./variables.ts";

const { PORT = "8787", STATE_DIR = ".wrangler/state" } = process.env;

try {
  const server = await startLocalServer({
    port: readPort(PORT),
    stateDir: STATE_DIR,
    environment: process.env,
  });
  const stop = () => void server.stop().finally(() => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  stopWithParent(stop);
  console.log(`
Postcall is ready on ${server.url}

  console         ${await consoleLink(server.url)}
                  (signs in once, within a minute; later open ${server.url}/console and give the API key)
  org             ${LOCAL_ORG}
  API key         ${LOCAL_KEY}
  admin key       ${process.env.ADMIN_KEY === undefined ? LOCAL_ADMIN_KEY : "the one in ADMIN_KEY"}
  signing secret  ${server.signingSecret}
  state           ${STATE_DIR}

Report a finished call. An inbox of our own receives it:

  INBOX=$(curl -s -X POST ${server.url}/v1/inboxes -H 'authorization: ${LOCAL_KEY}' | grep -o 'http[^"]*/inbox/[^"]*')
  CALL=hello-$(date +%s)-$RANDOM
  curl -s ${server.url}/v1/postcall/calls -H 'authorization: ${LOCAL_KEY}' \\
    --json '{"payload":{"call_id":"'$CALL'","status":"completed"},"webhook":"'$INBOX'"}'

Then look at its log:

  curl -s ${server.url}/v1/postcall/webhooks/$CALL -H 'authorization: ${LOCAL_KEY}'

Each attempt is printed here. Ctrl-C stops it; the state stays.
`);
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}

/** The console's address, with a link in it that signs in to the local org. */
async function consoleLink(url: string): Promise<string> {
  const headers = { authorization: LOCAL_KEY };
  const answer = await fetch(`${url}/console/links`, { method: "POST", headers });
  const { data } = (await answer.json()) as { data: { url: string } | null };
  return data?.url ?? `${url}/console`;
}

/** A signal to npm ends npm's shell but does not reach this process. So it ends when that shell is gone. */
function stopWithParent(stop: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 1_000);
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new ConfigError(`PORT must be a port from 1 to 65535, and is ${JSON.stringify(text)}`);
  return port;
}

function explain(error: unknown): unknown {
  if (error instanceof ConfigError) return `Postcall did not start: ${error.message}.`;
  if (!(error instanceof Error && "code" in error)) return error;
  if (error.code !== "EADDRINUSE") return `Postcall did not start: ${error.message}`;
  return `Postcall did not start: port ${PORT} is taken. PORT=8788 npm start uses another.`;
}
