/**
 * The guard before an attempt: which names are resolved, what their addresses decide, and what a slow resolver leads
 * to.
 */
import { describe, expect, test, vi } from "vitest";
import { refuseReceiver } from "../../src/call/guard.ts";

/** What the guard says of a URL, and which names it asked for. */
async function judge(input: {
  url: string;
  addresses?: string[] | Error;
  allowPrivate?: boolean;
  signal?: AbortSignal;
}) {
  const { url, addresses = ["8.8.8.8"], allowPrivate = false, signal = new AbortController().signal } = input;
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    if (addresses instanceof Error) throw addresses;
    return addresses;
  };
  const refusal = await refuseReceiver({
    url,
    rules: { allowPrivate, ownHost: "postcall.example", ownOrigin: "https://postcall.example" },
    resolve,
    signal,
  });
  return { refusal, asked };
}

describe("a name", () => {
  test.each([
    { has: "one public address", addresses: ["8.8.8.8"], refusal: null },
    { has: "public addresses of both families", addresses: ["8.8.8.8", "2606:4700::1"], refusal: null },
    { has: "a private address", addresses: ["10.0.0.1"], refusal: "blocked_url" },
    { has: "loopback among public ones", addresses: ["8.8.8.8", "8.8.4.4", "::1"], refusal: "blocked_url" },
    { has: "the metadata service's", addresses: ["169.254.169.254", "8.8.8.8"], refusal: "blocked_url" },
    { has: "a mapped private address", addresses: ["::ffff:192.168.0.1"], refusal: "blocked_url" },
    { has: "no address", addresses: [], refusal: "dns" },
    { has: "a resolver that can't say", addresses: new Error("SERVFAIL"), refusal: "resolver" },
    { has: "the address of Azure's hosts", addresses: ["8.8.8.8", "168.63.129.16"], refusal: "blocked_url" },
  ])("with $has is judged $refusal", async ({ addresses, refusal }) => {
    expect(await judge({ url: "https://CRM.example.:8443/hook", addresses })).toEqual({
      refusal,
      asked: ["crm.example"],
    });
  });

  test("that the resolver is silent about is the resolver's trouble, once the attempt's time is over", async () => {
    const timeout = new AbortController();
    const resolve = vi.fn(() => new Promise<string[]>(() => {}));
    const rules = { allowPrivate: false, ownHost: "postcall.example" };
    const verdict = refuseReceiver({ url: "https://crm.example/", rules, resolve, signal: timeout.signal });
    timeout.abort();
    expect(await verdict).toBe("resolver");
    expect(resolve).toHaveBeenCalledOnce();
  });
});

describe("nothing is resolved", () => {
  test.each(["https://8.8.8.8/", "https://[2606:4700:4700::1111]:8443/"])(
    "for the public address %s, which may be called",
    async (url) => {
      expect(await judge({ url, addresses: ["10.0.0.1"] })).toEqual({ refusal: null, asked: [] });
    },
  );

  test("for an inbox of our own, wherever our name points to", async () => {
    const url = `https://postcall.example/inbox/${"0123456789abcdef".repeat(4)}`;
    for (const addresses of [["10.0.0.1"], [], new Error("SERVFAIL")])
      expect(await judge({ url, addresses })).toEqual({ refusal: null, asked: [] });
  });

  test.each([
    "https://127.0.0.1/",
    "https://[64:ff9b::7f00:1]/",
    "https://localhost/",
    "https://postcall.example./",
    "http://crm.example/",
    "https://a:b@crm.example/",
    "no url",
  ])("for %s, which the rules refuse", async (url) => {
    expect(await judge({ url })).toEqual({ refusal: "blocked_url", asked: [] });
  });

  test.each(["http://127.0.0.1:9000/", "http://crm.example/", "http://postcall.example/"])(
    "for %s where private targets are allowed",
    async (url) => {
      expect(await judge({ url, addresses: ["10.0.0.1"], allowPrivate: true })).toEqual({
        refusal: null,
        asked: [],
      });
    },
  );
});
