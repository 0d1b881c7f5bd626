/** The live stream of an inbox, and a flood: each reader gets its own requests only, and nobody is slowed. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { inboxObject } from "../../../src/inbox/object.ts";
import { configure, makeInbox, requestsOf, send, signedHeaders } from "../../support/inboxes.ts";
import { endedLogOf, eventually, makeOrg, type Org, receiver, reportCall } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

/** The events of a stream, as they come. */
async function listen(id: string, headers: Record<string, string> = {}) {
  const answer = await exports.default.fetch(`http://postcall.test/v1/inboxes/${id}/stream`, {
    headers: { authorization: org.key, ...headers },
  });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error("the stream has no body");
  let text = "";
  return {
    /** The next event; undefined where the stream has ended. */
    next: async () => {
      for (;;) {
        const end = text.indexOf("\n\n");
        const block = text.slice(0, end);
        if (end >= 0) text = text.slice(end + 2);
        if (end >= 0 && !block.startsWith(":")) return readEvent(block);
        if (end >= 0) continue;
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += value;
      }
    },
    close: () => reader.cancel(),
  };
}

function readEvent(block: string): { id: string; body: string } {
  const [, id = "", data = ""] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
  const request = JSON.parse(data);
  expect(request.id).toBe(id);
  return { id, body: request.body };
}

describe("a stream", () => {
  test("sends each request as it comes, and none from before it was opened", async () => {
    const { id, url } = await makeInbox(org);
    await send(url, { body: "before" });
    const stream = await listen(id);
    await send(url, { body: "first\n\nline" });
    expect(await stream.next()).toEqual({ id: "2", body: "first\n\nline" });
    const waiting = stream.next();
    await send(url, { body: "second" });
    expect(await waiting).toEqual({ id: "3", body: "second" });
    await stream.close();
  });

  test("resumes after the event that was seen last", async () => {
    const { id, url } = await makeInbox(org);
    for (const body of ["1", "2", "3"]) await send(url, { body });
    const stream = await listen(id, { "last-event-id": "1" });
    expect([await stream.next(), await stream.next()]).toEqual([
      { id: "2", body: "2" },
      { id: "3", body: "3" },
    ]);
    await stream.close();
  });

  test.each(["999999999", "none of ours"])("begins with what comes next after the event %s", async (last) => {
    const { id, url } = await makeInbox(org);
    await send(url, { body: "before" });
    const stream = await listen(id, { "last-event-id": last });
    await send(url, { body: "after" });
    expect(await stream.next()).toEqual({ id: "2", body: "after" });
    await stream.close();
  });

  test("ends with its inbox, and where it is the longest open of too many", async () => {
    const { id, url } = await makeInbox(org);
    const streams = [];
    for (let opened = 0; opened < 11; opened++) streams.push(await listen(id));
    expect(await streams[0]?.next()).toBeUndefined();
    await send(url, { body: "to all others" });
    for (const stream of streams.slice(1))
      expect(await stream.next()).toEqual({ id: "1", body: "to all others" });
    const object = inboxObject(env.INBOXES, id);
    if (object === null) throw new Error("it was made");
    await runDurableObjectAlarm(object);
    for (const stream of streams.slice(1)) expect(await stream.next()).toBeUndefined();
  });
});

describe("a flood", () => {
  test("of signed requests, as fast as they are answered, keeps nobody else's calls from arriving", async () => {
    const { id, url } = await makeInbox(org);
    const headers = await signedHeaders(new Uint8Array(), "whsec_Zm9yZ2Vk");
    let isOver = false;
    let sent = 0;
    const pour = async () => {
      while (!isOver) {
        expect((await send(url, { body: "x".repeat(4_096), headers })).status).toBe(200);
        sent += 1;
      }
    };
    const floods = Array.from({ length: 20 }, pour);
    const crm = await receiver(200);
    const other = await makeOrg();
    const reports = Array.from({ length: 20 }, () => reportCall(other, { webhook: crm.url }));
    for (const { call_id } of await Promise.all(reports)) {
      const log = await endedLogOf(other, call_id);
      expect(log).toMatchObject({ status: "delivered", metadata: [{ attempt: 1, response_code: 200 }] });
    }
    isOver = true;
    await Promise.all(floods);
    expect(await crm.received()).toHaveLength(20);
    const [newest] = (await requestsOf(org, id, "?limit=1")).data;
    expect(newest).toMatchObject({ id: String(sent), signature: "invalid" });
    expect(sent).toBeGreaterThan(100);
  });

  test("of bodies that never end, and are answered late, keeps nobody waiting and nothing out", async () => {
    const { id, url } = await makeInbox(org);
    await configure(org, id, { delay_ms: 30_000 });
    const signed = await signedHeaders(new Uint8Array(), "whsec_Zm9yZ2Vk");
    const over = new AbortController();
    const floods = Array.from({ length: 100 }, async (_, index) => {
      const { readable, writable } = new FixedLengthStream(1_048_577);
      const answer = send(url, {
        body: readable,
        headers: index % 2 === 0 ? {} : signed,
        signal: over.signal,
      });
      // What is kept of it, and then nothing more.
      await Promise.allSettled([answer, writable.getWriter().write(new Uint8Array(262_144))]);
    });
    const crm = await receiver(200);
    const other = await makeOrg();
    const reports = await Promise.all(
      Array.from({ length: 20 }, () => reportCall(other, { webhook: crm.url })),
    );
    for (const { call_id } of reports) {
      const log = await endedLogOf(other, call_id);
      expect(log).toMatchObject({ status: "delivered", metadata: [{ attempt: 1, response_code: 200 }] });
    }
    expect(await crm.received()).toHaveLength(20);
    await eventually(async () => {
      const [newest] = (await requestsOf(org, id, "?limit=1")).data;
      return newest?.id === "100" ? newest : undefined;
    });
    await configure(org, id, {});
    expect((await send(url, { body: "newest" })).status).toBe(200);
    const { data } = await requestsOf(org, id, "?limit=3");
    expect(data[0]).toMatchObject({ id: "101", body: "newest", truncated: false });
    expect(data[1]).toMatchObject({ id: "100", truncated: true });
    expect([data[1].body.length, data[2].body.length]).toEqual([262_144, 262_144]);
    over.abort();
    await Promise.all(floods);
  });

  test("of more than 500 requests leaves the newest 500", async () => {
    const { id, url } = await makeInbox(org);
    for (let round = 0; round < 26; round++)
      await Promise.all(Array.from({ length: 20 }, () => send(url, { body: "x" }).then((one) => one.text())));
    await send(url, { body: "newest" });
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { data: { id: string; body: string }[]; next_cursor: string | null } = await requestsOf(
        org,
        id,
        `?limit=200${cursor === "" ? "" : `&cursor=${cursor}`}`,
      );
      if (cursor === "") expect(page.data[0]?.body).toBe("newest");
      seen.push(...page.data.map((request) => request.id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, index) => String(521 - index)));
  });

  test("of large bodies is listed in pages that stay small", async () => {
    const { id, url } = await makeInbox(org);
    const body = "\u0001".repeat(262_144); // six characters of JSON for each byte
    for (let sent = 0; sent < 8; sent++) await send(url, { body });
    const first = await requestsOf(org, id);
    expect(first.data).toHaveLength(6);
    const second = await requestsOf(org, id, `?cursor=${first.next_cursor}`);
    expect(second.data.map((request: { id: string }) => request.id)).toEqual(["2", "1"]);
    expect(second.next_cursor).toBeNull();
  });
});
