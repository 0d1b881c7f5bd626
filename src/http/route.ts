/** One path of the HTTP API and what a request to it must be. The checks, the document and the client's types follow it. */
import type { Context } from "hono";
import type * as z from "zod";
import type { Json } from "../core/json.ts";
import type { Scope } from "../record/keys.ts";
import type { BodyRules } from "./body.ts";
import type { HttpEnv } from "./services.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Who may ask: a key of an org with all of these scopes, the operator, whoever has a valid key, or anybody. */
export type Access = readonly Scope[] | "admin" | "any_key" | "public";

/** The query parameters of a route by name. Each schema reads the parameter's text. */
export type QueryShape = Readonly<Record<string, z.ZodType>>;

/** What a handler gets beside its context. `json` is the whole body, with the digits of its numbers. */
export interface Given<Query extends QueryShape = QueryShape, Body extends z.ZodType = z.ZodType> {
  query: { [Name in keyof Query]: z.output<Query[Name]> };
  body: z.output<Body>;
  json: Json;
}

export interface Route<
  Verb extends Method = Method,
  Path extends string = string,
  Query extends QueryShape = QueryShape,
  Body extends z.ZodType = z.ZodType,
> {
  method: Verb;
  path: Path;
  access: Access;
  /** How its requests are counted: as what, and how often each. */
  limit?: { kind?: "reports" | "sends"; cost?: number };
  query?: Query;
  body?: BodyRules<Body>;
  // A method, so that routes with different bodies fit into one list.
  handler(c: Context<HttpEnv>, given: Given<Query, Body>): Response | Promise<Response>;
}

/** The route as it is given. Its handler gets what its schemas make of the request. */
export const route = <
  const Verb extends Method,
  const Path extends string,
  // biome-ignore lint/complexity/noBannedTypes: a route without parameters has an empty object of them
  Query extends QueryShape = {},
  Body extends z.ZodType = z.ZodType<undefined>,
>(
  given: Route<Verb, Path, Query, Body>,
): Route<Verb, Path, Query, Body> => given;
