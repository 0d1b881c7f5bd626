/** What inboxes and their pages answer, as schemas. They are not in the Worker. */
import * as z from "zod";
import { time } from "./answers.ts";

export const inbox = z
  .object({
    id: z.string(),
    url: z.string().meta({
      description: "Takes requests of any method, here and below it.",
      examples: [
        "https://postcall.example/inbox/46e6e77f1df76726387e6b75563df0556fa998217358f4b889a997c9be8f6469",
      ],
    }),
    view_url: z
      .string()
      .optional()
      .meta({
        description:
          "Lists what it received, for whoever has this address. Who has only `url` can't find it out.",
        examples: ["https://postcall.example/view/8f58784112cc13dc26b364ab1bcc0968"],
      }),
    expires_at: time.meta({ description: "Then it is gone, with what it received." }),
    respond: z
      .object({
        status: z.int().meta({ examples: [200] }),
        delay_ms: z.int().meta({ examples: [0] }),
        headers: z.record(z.string(), z.string()),
        body: z.string().meta({ examples: ["{}"] }),
      })
      .meta({ description: "What it answers." }),
  })
  .meta({ id: "Inbox", description: "A receiver of our own, and what it answers." });

export const capturedRequest = z
  .object({
    id: z.string().meta({ description: "Counts from 1 within its inbox.", examples: ["1"] }),
    received_at: time,
    method: z.string().meta({ examples: ["POST"] }),
    path: z.string(),
    query: z.string().meta({ description: "Without the question mark." }),
    headers: z.record(z.string(), z.string()).meta({ description: "Without cookies." }),
    body: z.string().meta({ description: "The first 262,144 bytes." }),
    body_encoding: z.enum(["utf-8", "base64"]),
    truncated: z.boolean().meta({ description: "The body was longer than what is kept of it." }),
    signature: z
      .enum(["valid", "invalid", "absent"])
      .meta({ description: "Checked with the live signing secrets of the inbox's org." }),
  })
  .meta({ id: "CapturedRequest", description: "A request as an inbox received it." });
