/** Posts a body in chunks of one byte, through a socket of its own: no client sends such chunks. */
import { once } from "node:events";
import { connect } from "node:net";

export async function postInChunks(
  url: string,
  { headers, text }: { headers: Record<string, string>; text: string },
): Promise<{ status: number }> {
  const { port, pathname } = new URL(url);
  const sent = { host: "127.0.0.1", connection: "close", "transfer-encoding": "chunked", ...headers };
  const head = Object.entries(sent)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  const chunks = [...text].map((byte) => `1\r\n${byte}\r\n`).join("");
  const socket = connect(Number(port), "127.0.0.1");
  let answer = "";
  socket.on("data", (part) => (answer += part));
  await once(socket, "connect");
  socket.write(`POST ${pathname} HTTP/1.1\r\n${head}\r\n${chunks}0\r\n\r\n`);
  await once(socket, "close");
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]) };
}
