/** JSON Schemas of what requests hold, made from the schemas that validate it. */
import { resolver } from "hono-openapi";
import * as z from "zod";
import { CALL_ID } from "../../core/call-id.ts";
import { payload } from "../schemas.ts";

/**
 * A schema's checks are stages: the last one has the shape, unless it only changes the value, which is not what a
 * caller sends. A member with a default is not required of a caller.
 */
const OPTIONS = {
  io: "output",
  unrepresentable: "any",
  override: ({
    zodSchema,
    jsonSchema,
  }: {
    zodSchema: z.core.$ZodTypes;
    jsonSchema: z.core.JSONSchema.BaseSchema;
  }) => {
    const { def } = zodSchema._zod;
    if (def.type === "pipe" && def.out._zod.def.type === "transform")
      Object.assign(jsonSchema, { ...z.toJSONSchema(def.in, OPTIONS), $schema: undefined });
    if (def.type !== "object" || jsonSchema.required === undefined) return;
    const required = jsonSchema.required.filter((name) => def.shape[name]?._zod.optin === undefined);
    if (required.length > 0) jsonSchema.required = required;
    else delete jsonSchema.required;
  },
} as const satisfies z.core.ToJSONSchemaParams;

// It takes any members, so its schema is a function, of which JSON Schema knows nothing.
z.globalRegistry.add(payload, {
  ...{ type: "object", required: ["call_id"], additionalProperties: true },
  properties: { call_id: { type: "string", pattern: CALL_ID.source } },
  description: "What the receiver gets: any JSON object with a `call_id`, of at most 1 MiB as compact JSON.",
});

/** The schema of a query parameter. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, OPTIONS);
  return JSON.parse(JSON.stringify(rest)) as Record<string, unknown>;
}

/** The schema of a body, for hono-openapi. */
export const bodySchema = (schema: z.ZodType) => resolver(schema, { options: OPTIONS });
