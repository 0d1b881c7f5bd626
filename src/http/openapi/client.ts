/**
 * The type of the API for Hono's client: `hc<PostcallApi>("https://postcall.example.com")`. It is made of the route
 * table and of what the operations answer, and has no code.
 */
import type { Hono } from "hono";
import type * as z from "zod";
import type { Route } from "../route.ts";
import type { ROUTES } from "../routes.ts";
import type { HttpEnv } from "../services.ts";
import type { Operation } from "./operation.ts";
import type { OPERATIONS } from "./operations.ts";

type AnyRoute = (typeof ROUTES)[number];

/** The names in a path, such as `call_id` in `/calls/:call_id/citations`. */
type Parameter<Path> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | Parameter<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

type Param<Path> = [Parameter<Path>] extends [never] ? unknown : { param: Record<Parameter<Path>, string> };

/** Parameters are given as texts. A route without any has the type of all shapes. */
type Query<Shape> = string extends keyof Shape
  ? unknown
  : keyof Shape extends never
    ? unknown
    : { query: Sent<Shape, string> };

/** A route without a body has the type of all schemas. */
type Json<Body> =
  Body extends z.ZodPipe<z.ZodType, z.ZodObject<infer Shape>> ? { json: Sent<Shape> } : unknown;

/** What a caller sends of these members: those with a default may be left out. */
type Sent<Shape, Value = never> = {
  [Name in keyof Shape as IsNeeded<Shape[Name]> extends true ? Name : never]: ValueOf<Shape[Name], Value>;
} & {
  [Name in keyof Shape as IsNeeded<Shape[Name]> extends true ? never : Name]?: ValueOf<Shape[Name], Value>;
};
type IsNeeded<Member> = Member extends z.ZodType ? (undefined extends z.input<Member> ? false : true) : never;
type ValueOf<Member, Value> = [Value] extends [never]
  ? Member extends z.ZodType
    ? z.output<Member>
    : never
  : Value;

type Data<Name> = Name extends keyof typeof OPERATIONS
  ? (typeof OPERATIONS)[Name] extends Operation<infer Schema>
    ? (typeof OPERATIONS)[Name] extends { page: true }
      ? { data: z.output<Schema>[]; next_cursor: string | null; errors: null }
      : { data: z.output<Schema>; errors: null }
    : never
  : never;

type EndpointOf<R> =
  R extends Route<infer Verb, infer Path, infer Shape, infer Body>
    ? {
        input: Param<Path> & Query<Shape> & Json<Body> & object;
        output: Data<`${Verb} ${Path}`>;
        outputFormat: "json";
        status: 200;
      }
    : never;

type Schema = {
  [Path in AnyRoute["path"]]: {
    [R in Extract<AnyRoute, { path: Path }> as `$${Lowercase<R["method"]>}`]: EndpointOf<R>;
  };
};

export type PostcallApi = Hono<HttpEnv, Schema, "/">;
