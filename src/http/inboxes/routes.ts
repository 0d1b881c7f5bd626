/** The routes of inboxes and of their pages. An inbox itself takes any method: see `capture.ts`. */
import { route } from "../route.ts";
import { emptySchema, pageQuery } from "../schemas.ts";
import {
  configureInbox,
  deleteInbox,
  getInboxes,
  listRequests,
  makeInbox,
  streamRequests,
} from "./handlers.ts";
import { configureInboxSchema } from "./schemas.ts";
import { viewInbox } from "./view.ts";

/** Enough for an inbox's configured body with every character escaped, and its headers. */
const INBOX = { limitBytes: 524_288, limitParts: 524_288 };

export const INBOX_ROUTES = [
  route({
    method: "POST",
    path: "/v1/inboxes",
    access: ["configure"],
    body: { schema: emptySchema, optional: true },
    handler: makeInbox,
  }),
  route({
    method: "GET",
    path: "/v1/inboxes",
    access: ["read"],
    limit: { cost: 10 }, // it asks each inbox
    query: pageQuery,
    handler: getInboxes,
  }),
  route({
    method: "PATCH",
    path: "/v1/inboxes/:id",
    access: ["configure"],
    body: { schema: configureInboxSchema, ...INBOX },
    handler: configureInbox,
  }),
  route({ method: "DELETE", path: "/v1/inboxes/:id", access: ["configure"], handler: deleteInbox }),
  route({
    method: "GET",
    path: "/v1/inboxes/:id/requests",
    access: ["read"],
    query: pageQuery,
    handler: listRequests,
  }),
  route({
    method: "GET",
    path: "/v1/inboxes/:id/stream",
    access: ["read"],
    handler: streamRequests,
  }),
  route({
    method: "GET",
    path: "/view/:token",
    access: "public",
    query: pageQuery,
    handler: viewInbox,
  }),
] as const;
