/**
 * The Durable Object of one inbox: a receiver of our own with its own storage. It stores what it receives and says
 * what to answer. To other orgs it seems not to exist. It waits for nobody and sends nothing.
 */
import { DurableObject } from "cloudflare:workers";
import { type Config, readConfig } from "../config.ts";
import {
  type ConfiguredResponse,
  DEFAULT_RESPONSE,
  isInboxId,
  isViewToken,
  maskedHeaders,
} from "../core/inbox.ts";
import { sha256Hex } from "../core/signature.ts";
import { decryptSigningSecret } from "../core/signing-secret.ts";
import { isSigned, judgeSignature, type SignatureVerdict } from "../core/verify.ts";
import { databaseOf } from "../record/database.ts";
import { listEncryptedSecrets } from "../record/signing-secrets.ts";
import { readSuspended } from "../record/suspension.ts";
import { renderRequest } from "./render.ts";
import { type InboxState, openStore, type StoredRequest } from "./store.ts";
import { openStreams } from "./streams.ts";

const LIFETIME_MS = 7 * 86_400_000;

/** How many bytes of a body are kept. */
export const KEPT_BODY_BYTES = 262_144;

/** A page ends early at this size, in characters of JSON: a call to an object may carry 32 MiB. */
const PAGE_LIMIT_CHARACTERS = 8 * 1_024 * 1_024;

/** Secrets are read again after this long, so that a flood of signed requests costs one D1 read a second. */
const SECRETS_FRESH_MS = 1_000;

/** Whether its org is suspended is read again after this long, and only if something arrives. */
const STANDING_FRESH_MS = 30_000;
/** Of one that is, sooner: once it is not, its calls come at once. */
const SUSPENDED_FRESH_MS = 1_000;

/** A request as it arrived. `isWhole` is false if the body was longer than what was read. */
export interface Arrival extends Pick<StoredRequest, "method" | "path" | "query" | "headers" | "body"> {
  isWhole: boolean;
}

/** The JSON texts of requests, newest first. */
export interface Page {
  requests: string[];
  /** The id of the last one if there are more, else null. */
  next: number | null;
}

export class Inbox extends DurableObject<Env> {
  readonly #store = openStore(this.ctx.storage);
  readonly #streams = openStreams((after) => {
    const next = this.#store.after(after);
    return next === null ? null : { id: next.id, text: renderRequest(next) };
  });
  #config: Config | null = null;
  #standing = { readAt: 0, isSuspended: Promise.resolve(false) };
  #secrets: { readAt: number; opened: Promise<string[]> } | null = null;

  async create(user_id: string, view_token: string): Promise<InboxState> {
    const expires_at = Date.now() + LIFETIME_MS;
    const state = { user_id, view_token, expires_at, respond: DEFAULT_RESPONSE };
    this.#store.setState(state);
    await this.ctx.storage.setAlarm(state.expires_at);
    return state;
  }

  /**
   * Sets the response from now on. This and the following methods return null if the inbox does not exist or belongs
   * to another org.
   */
  configure(user_id: string, respond: ConfiguredResponse): InboxState | null {
    const state = this.#stateFor(user_id);
    if (state === null) return null;
    this.#store.setState({ ...state, respond });
    return { ...state, respond };
  }

  read(user_id: string): InboxState | null {
    return this.#stateFor(user_id);
  }

  list(user_id: string, asked: { before: number; limit: number }): Page | null {
    return this.#stateFor(user_id) === null ? null : this.#page(asked, renderRequest);
  }

  /** A stream of the requests after `last`. If `last` is null or not an id of this inbox yet, the stream starts now. */
  stream(user_id: string, last: number | null): ReadableStream<Uint8Array> | null {
    if (this.#stateFor(user_id) === null) return null;
    const newest = this.#store.newest();
    return this.#streams.open(Math.min(last ?? newest, newest));
  }

  /** Forgets everything. False if there is nothing of this org's to forget. */
  async end(user_id: string): Promise<boolean> {
    if (this.#stateFor(user_id) === null) return false;
    await this.alarm();
    return true;
  }

  /** The same as `list` for whoever has the token of its page: see `viewedInbox`. */
  async view(asked: { before: number; limit: number }): Promise<Page | null> {
    const owner = this.#live();
    if (owner === null || (await this.#isSuspended(owner.user_id))) return null;
    return this.#page(asked, (request) =>
      renderRequest({ ...request, headers: maskedHeaders(request.headers) }),
    );
  }

  /** Stores a request, and returns the response to give; null if the inbox is gone, or its org is suspended. */
  async capture({ isWhole, body, ...request }: Arrival): Promise<ConfiguredResponse | null> {
    const received_at = Date.now();
    const owner = this.#live();
    if (owner === null || (await this.#isSuspended(owner.user_id))) return null;
    const judged = { headers: request.headers, body, isWhole, now: received_at };
    const signature = await this.#judge(owner.user_id, judged);
    const state = this.#live(); // it may have expired or been configured anew meanwhile
    if (state === null) return null;
    if (this.#store.isErased(request.headers["webhook-id"])) return state.respond;
    const truncated = !isWhole || body.byteLength > KEPT_BODY_BYTES;
    const kept = truncated ? body.slice(0, KEPT_BODY_BYTES) : body;
    this.#store.insert({ ...request, received_at, body: kept, truncated, signature });
    this.#streams.notify();
    return state.respond;
  }

  /**
   * Erases the requests of these webhooks, by their `webhook-id`, and stores none that is still to come. Whoever asks
   * has to own the webhooks, not the inbox.
   */
  erase(webhookIds: readonly string[]): void {
    if (this.#live() !== null) this.#store.erase(webhookIds);
  }

  override async alarm(): Promise<void> {
    this.#streams.endAll();
    await this.ctx.storage.deleteAll();
  }

  #live(): InboxState | null {
    const state = this.#store.state();
    return state !== null && state.expires_at > Date.now() ? state : null;
  }

  #stateFor(user_id: string): InboxState | null {
    const state = this.#live();
    return state?.user_id === user_id ? state : null;
  }

  #page(
    { before, limit }: { before: number; limit: number },
    render: (request: StoredRequest) => string,
  ): Page {
    const requests: string[] = [];
    let characters = 0;
    let last = 0;
    for (const request of this.#store.before(before)) {
      if (requests.length === limit || characters > PAGE_LIMIT_CHARACTERS) return { requests, next: last };
      const text = render(request);
      characters += text.length;
      last = request.id;
      requests.push(text);
    }
    return { requests, next: null };
  }

  async #judge(
    user_id: string,
    { headers, body, isWhole, now }: Pick<Arrival, "headers" | "body" | "isWhole"> & { now: number },
  ): Promise<SignatureVerdict> {
    if (!isSigned(headers)) return "absent";
    if (!isWhole) return "invalid"; // longer than anything we send
    const secrets = await this.#decryptSecrets(user_id);
    return judgeSignature({ headers, body: new Uint8Array(body), secrets, now });
  }

  /** What was known before, if the record is away. Reads no row unless it is suspended. */
  async #isSuspended(user_id: string): Promise<boolean> {
    const { readAt, isSuspended: before } = this.#standing;
    const now = Date.now();
    if (now - readAt >= ((await before) ? SUSPENDED_FRESH_MS : STANDING_FRESH_MS)) {
      const isSuspended = readSuspended(databaseOf(this.env, user_id), user_id).catch(() => before);
      this.#standing = { readAt: now, isSuspended };
    }
    return this.#standing.isSuspended;
  }

  #decryptSecrets(user_id: string): Promise<string[]> {
    const now = Date.now();
    if (this.#secrets === null || now - this.#secrets.readAt >= SECRETS_FRESH_MS)
      this.#secrets = { readAt: now, opened: this.#readSecrets(user_id, now) };
    return this.#secrets.opened;
  }

  async #readSecrets(user_id: string, now: number): Promise<string[]> {
    this.#config ??= readConfig({ ...this.env });
    const { masterKeys } = this.#config;
    const ciphertext = await listEncryptedSecrets(databaseOf(this.env, user_id), { user_id, now });
    const opened = await Promise.all(
      ciphertext.map((text) => decryptSigningSecret({ user_id, masterKeys, ciphertext: text })),
    );
    return opened.filter((secret) => secret !== null);
  }
}

/**
 * A new inbox's id, and the token of its page: 128 random bits. The id is made from the token, so that the token finds
 * the inbox; the token can't be found from the id, because a digest lies between them.
 */
export function newInbox(namespace: DurableObjectNamespace<Inbox>): { id: string; token: string } {
  const token = crypto.getRandomValues(new Uint8Array(16)).toHex();
  return { id: idOf(namespace, token).toString(), token };
}

const idOf = (namespace: DurableObjectNamespace<Inbox>, token: string): DurableObjectId =>
  namespace.idFromName(sha256Hex(token));

/** The object of the inbox whose page has this token, or null if no page has such a one. */
export const viewedInbox = (
  namespace: DurableObjectNamespace<Inbox>,
  token: string,
): DurableObjectStub<Inbox> | null => (isViewToken(token) ? namespace.get(idOf(namespace, token)) : null);

/** The object of an id, or null if the id is not one of ours: a made-up id costs no object. */
export function inboxObject(
  namespace: DurableObjectNamespace<Inbox>,
  id: string,
): DurableObjectStub<Inbox> | null {
  try {
    return isInboxId(id) ? namespace.get(namespace.idFromString(id)) : null;
  } catch {
    return null;
  }
}
