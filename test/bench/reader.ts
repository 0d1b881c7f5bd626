/** A Worker that reads each body in the runtime's own way and answers like a report: the least that a body can cost. */
export { Call, Inbox } from "../../src/index.ts";

export default {
  async fetch(request) {
    const { byteLength } = await request.arrayBuffer();
    return new Response(String(byteLength), { status: 202 });
  },
  async queue() {},
  async scheduled() {},
} satisfies ExportedHandler<Env>;
