/**
 * The OpenAPI 3.1 document: the route table's schemas, which validate the requests, together with what `operations.ts`
 * says about each route. It is made when the Worker is built, and is not in it.
 */

import { Hono } from "hono";
import { describeRoute, generateSpecs, resolver } from "hono-openapi";
import * as z from "zod";
import packageJson from "../../../package.json" with { type: "json" };
import { CALL_ID } from "../../core/call-id.ts";
import type { Route } from "../route.ts";
import { ROUTES } from "../routes.ts";
import { apiError } from "./answers.ts";
import { type Operation, TAGS } from "./operation.ts";
import "./members.ts";
import { OPERATIONS } from "./operations.ts";
import { bodySchema, jsonSchemaOf } from "./request-schema.ts";
import { WEBHOOKS } from "./webhooks.ts";

const INTRODUCTION = `Report finished calls; Postcall delivers their webhooks, and tells what became of each.

Every answer but a stream is JSON: \`{"data": …, "errors": null}\`, or \`{"data": null, "errors": [{"error", "message", …}]}\`. A list also has \`next_cursor\`, which is null at its end. Put the key into the header \`authorization\`, bare or after \`Bearer\`; without that header a session of the console is taken in its place. Unknown members of a body and unknown query parameters are refused by name. Every answer has an \`x-request-id\`: the request's own (1–128 characters of \`A-Z a-z 0-9 . _ : -\`) or a new one. The guides are at \`/docs\`.`;

/** A part of the document as JSON. */
type Part = Record<string, unknown>;

export interface OpenApiDocument {
  paths: Record<string, Record<string, Part>>;
  components: { schemas: Record<string, Part> };
}

/** The document as JSON. Always the same for the same code. */
export async function openApiDocument(): Promise<OpenApiDocument> {
  const app = new Hono();
  for (const route of ROUTES as readonly Route[]) {
    const { method, path } = route;
    app.on(
      method,
      path,
      describeRoute((await describe(route)) as unknown as Parameters<typeof describeRoute>[0]),
      (c) => c.body(null),
    );
  }
  const document = await generateSpecs(app, {
    documentation: {
      info: {
        title: "Postcall",
        version: packageJson.version,
        description: INTRODUCTION,
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/", description: "Where this document was served from" }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      security: [{ key: [] }],
      components: {
        securitySchemes: {
          key: {
            ...{ type: "apiKey", in: "header", name: "authorization" },
            description: "An org's API key, bare or as `Bearer KEY`. It has scopes.",
          },
          adminKey: {
            ...{ type: "apiKey", in: "header", name: "authorization" },
            description: "The operator's key, `ADMIN_KEY`.",
          },
          session: {
            ...{ type: "apiKey", in: "cookie", name: "__Host-postcall" },
            description:
              "A session of the console, in place of a key. What is no GET also needs this service's own `origin` and `x-postcall-console: 1`.",
          },
        },
      },
      webhooks: WEBHOOKS as Record<string, { $ref: string }>,
    },
  });
  return document as unknown as OpenApiDocument;
}

async function describe(route: Route): Promise<Part> {
  const { method, path, access, query = {}, body } = route;
  const operations: Record<string, Operation> = OPERATIONS;
  const operation = operations[`${method} ${path}`];
  if (operation === undefined) throw new Error(`${method} ${path} is not described`);
  const { tag, summary, description, headers = {} } = operation;
  const needs = Array.isArray(access)
    ? `Needs the scope ${access.map((scope) => `\`${scope}\``).join(" and ")}.`
    : "";
  return {
    operationId: operationIdOf(route),
    tags: [tag],
    summary,
    description: [description, needs].filter(Boolean).join("\n\n") || summary,
    security: securityOf(route),
    ...(Array.isArray(access) && { "x-scopes": access }),
    parameters: [
      ...[...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => pathParameter(name)),
      ...Object.entries(query).map(([name, schema]) => queryParameter(name, schema)),
      ...Object.entries(headers).map(([name, text]) => headerParameter(name, text)),
    ],
    ...(body !== undefined && {
      requestBody: {
        required: body.optional !== true,
        content: {
          "application/json": {
            schema: await bodySchema(body.schema),
            ...(operation.example !== undefined && { example: operation.example }),
          },
        },
      },
    }),
    responses: responsesOf(route, operation),
  };
}

/** What lets a request pass: one of these. */
function securityOf({ path, access }: Route): Record<string, never[]>[] {
  if (access === "public") return [];
  const keys = access === "admin" ? ["adminKey"] : access === "any_key" ? ["key", "adminKey"] : ["key"];
  return [...keys, ...(path.startsWith("/v1/") ? ["session"] : [])].map((scheme) => ({ [scheme]: [] }));
}

/** Such as `postV1PostcallCalls`, without what is the same in all. */
const operationIdOf = ({ method, path }: Route): string =>
  method.toLowerCase() +
  path
    .replace(/^\/v1/, "")
    .split(/[/-]/)
    .map((part) => part.replace(/^:/, "by_"))
    .flatMap((part) => part.split("_"))
    .filter(Boolean)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");

const PATH_PARAMETERS: Record<string, Part> = {
  call_id: {
    schema: { type: "string", pattern: CALL_ID.source, examples: ["call-1"] },
    description: "The call.",
  },
  phone_number: { schema: { type: "string", examples: ["+14155550100"] }, description: "In E.164." },
  user_id: { schema: { type: "string" }, description: "The org's id, as it was answered." },
  id: { schema: { type: "string" }, description: "Its id, as it was answered." },
  token: { schema: { type: "string" }, description: "The end of a `view_url`." },
};

const pathParameter = (name: string): Part => ({
  ...{ name, in: "path", required: true },
  ...PATH_PARAMETERS[name],
});

function queryParameter(name: string, schema: z.ZodType): Part {
  const { description, ...rest } = jsonSchemaOf(schema);
  return {
    ...{ name, in: "query", required: !schema.safeParse(undefined).success, schema: rest },
    ...(description !== undefined && { description }),
  };
}

const headerParameter = (name: string, description: string): Part => ({
  ...{ name, in: "header", required: false, description, schema: { type: "string" } },
});

/** What each refusal means. */
const REFUSALS: Record<number, string> = {
  400: "Something in the request is missing or wrong; the message names it and the value.",
  401: "There is no key, or it is unknown, revoked or expired.",
  403: "The key may not do this, or its org is suspended.",
  404: "There is no such thing, or it is another org's.",
  409: "It can't be done as things are; the message says why.",
  413: "The body is too large, or what it asks for is.",
  415: "The body is not JSON by its content type.",
  422: "A URL that may not be called; the message says which rule.",
  429: "Too many requests, or too much is stored. `Retry-After` says when to come back.",
  500: "A bug of ours. Its `request_id` is in the logs.",
  503: "Storage is overloaded or away. It is safe to repeat the request after `Retry-After`.",
};

const refusal = z
  .object({ data: z.null(), errors: z.array(apiError).min(1) })
  .meta({ id: "Refusal", description: "Why a request was refused." });

function responsesOf(route: Route, operation: Operation): Part {
  const { access, body } = route;
  const refused = new Set<number>([
    ...(access === "public" ? [] : [400, 401, 403, 429]),
    ...(body === undefined ? [] : [413, 415]),
    ...(operation.refusals ?? []),
    ...[500, 503],
  ]);
  const succeeded = (operation.statuses ?? [200]).map((status) => [status, success(operation, status)]);
  const failed = [...refused]
    .sort((one, other) => one - other)
    .map((status) => [
      status,
      answer(REFUSALS[status] ?? "", refusal, [429, 503].includes(status) ? RETRY_AFTER : undefined),
    ]);
  return Object.fromEntries([...succeeded, ...failed]);
}

/** Refusals after which repeating the request may help. */
const RETRY_AFTER = {
  "retry-after": { description: "Seconds to wait.", schema: { type: "integer" as const } },
};

const answer = (description: string, schema: z.ZodType, headers?: object) => ({
  description,
  ...(headers && { headers }),
  content: { "application/json": { schema: resolver(schema, { options: { io: "input" } }) } },
});

function success({ data, page = false, orOne = false, content, also }: Operation, status: number) {
  const description = status === 202 ? "Taken; what is still to come happens by itself." : "Done.";
  if (content !== undefined)
    return { description, content: { [content]: { schema: { type: "string" as const } } } };
  const one = z.object({ data, errors: z.null() });
  const list = z.object({ data: z.array(data), next_cursor: z.string().nullable(), errors: z.null() });
  const told = answer(description, page ? (orOne ? z.union([list, one]) : list) : one);
  if (also === undefined) return told;
  return { ...told, content: { ...told.content, [also]: { schema: { type: "string" as const } } } };
}
