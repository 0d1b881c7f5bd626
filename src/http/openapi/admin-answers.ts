/** What the operator's routes answer, as schemas. They are not in the Worker. */
import * as z from "zod";
import { keyMembers, time } from "./answers.ts";

export const newKey = z.object({
  ...keyMembers,
  key: z.string().meta({ description: "Shown only here.", examples: ["pc_0_…"] }),
  created_at: time,
});

export const newOrg = z.object({
  user_id: z.string(),
  name: z.string(),
  signing_secret: z.string().meta({ description: "Shown only here.", examples: ["whsec_…"] }),
  key: newKey.meta({ description: "A first key with every scope." }),
});

export const adminOrg = z
  .object({
    user_id: z.string(),
    name: z.string(),
    created_at: time,
    state: z.enum(["active", "suspended", "erasing"]),
    limits: z
      .object({ reports_per_minute: z.int().nullable(), stored_gb: z.number().nullable() })
      .meta({ description: "Null is the default: no limit of reports, and 5 GB." }),
    usage: z.object({
      stored_bytes: z.int().meta({ description: "What its logs take up." }),
      counted_at: time.nullable().meta({ description: "Null: not counted yet." }),
    }),
  })
  .meta({ id: "AdminOrg", description: "An org as the operator sees it." });

export const erasingOrg = z.object({ user_id: z.string(), state: z.literal("erasing") });

export const keyEntry = z
  .object({
    ...keyMembers,
    created_at: time,
    last_used_at: time.nullable().meta({ description: "To the hour." }),
    revoked_at: time.nullable().meta({ description: "Null: it was not revoked." }),
  })
  .meta({ id: "Key", description: "An API key, without its value." });

export const act = z
  .object({
    at: time,
    key_id: z.string().meta({ description: "The key that acted; `admin` is the operator." }),
    action: z.string().meta({ description: "The method and the path.", examples: ["PATCH /v1/endpoints"] }),
    target: z
      .string()
      .nullable()
      .meta({ description: "What the path names, or a URL without its query; else null." }),
    request_id: z.string(),
  })
  .meta({ id: "Act", description: "Something that changed the org." });
