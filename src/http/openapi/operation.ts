/** What the document says about a route beyond what the route table has. */
import type * as z from "zod";
import type { ROUTES } from "../routes.ts";

type AnyRoute = (typeof ROUTES)[number];
/** A route by its method and path, such as `GET /v1/org`. */
export type RouteName = AnyRoute extends infer R
  ? R extends { method: infer Verb extends string; path: infer Path extends string }
    ? `${Verb} ${Path}`
    : never
  : never;

/** The refusals that a route has beside those of every route of its kind. */
type OwnRefusal = 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429;

export interface Operation<Data extends z.ZodType = z.ZodType> {
  tag: Tag;
  summary: string;
  description?: string;
  /** What `data` is; of a page, each of its elements. */
  data: Data;
  /** Whether the answer is a page of a list, with `next_cursor`. */
  page?: boolean;
  /** Whether a parameter makes it answer one element instead of the page. */
  orOne?: boolean;
  /** The statuses of success; 200 if none are named. */
  statuses?: readonly (200 | 202)[];
  /** What success is, if it is not the JSON envelope. */
  content?: "text/event-stream";
  /** What else success is, for those that ask for it. */
  also?: "text/html";
  refusals?: readonly OwnRefusal[];
  /** What the headers of a request mean that this route reads. */
  headers?: Record<string, string>;
  /** A body that works. */
  example?: unknown;
}

export const TAGS = {
  Calls: "Report finished calls and their citations.",
  Webhooks: "See what was sent, and send it again.",
  "Where calls go": "The org's settings and its inbound numbers.",
  "Signing secrets": "What webhooks are signed with.",
  Endpoints: "The URLs that webhooks go to: their health and settings.",
  Inboxes: "Receivers of our own, to try things out.",
  Console: "Sessions of the web console, which stand in for a key.",
  "Running the service": "The operator's: orgs and their keys. And what was changed.",
  Service: "Whether it is there, and who asks.",
} as const;
type Tag = keyof typeof TAGS;

/** The operation as it is given, with the type of its data. */
export const operation = <Data extends z.ZodType>(given: Operation<Data>): Operation<Data> => given;

/** An operation that answers a page of a list, each element of which is `data`. */
export const list = <Data extends z.ZodType>(given: Operation<Data>): Operation<Data> & { page: true } => ({
  ...given,
  page: true,
});
