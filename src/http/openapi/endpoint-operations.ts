/** What the document says about endpoints: their settings, their state, and how they are paused and enabled. */
import { deleted, enabledEndpoint, endpoint } from "./answers.ts";
import { list, operation } from "./operation.ts";

export const ENDPOINT_OPERATIONS = {
  "GET /v1/endpoints": list({
    tag: "Endpoints",
    summary: "List endpoints, or get one",
    description:
      "Those that have settings or have failed, by URL. With `url`, `data` is that endpoint, which is `active` if it was never heard of.",
    data: endpoint,
    orOne: true,
  }),
  "PATCH /v1/endpoints": operation({
    tag: "Endpoints",
    summary: "Set an endpoint",
    description:
      "What is left out stays, and null goes back to the deployment's value. Headers are merged by name, null removes one, and they are kept encrypted. 409 over 20 headers, or 1,000 endpoints with settings.",
    data: endpoint,
    refusals: [409, 422],
    example: { url: "https://crm.example/hook", timeout_seconds: 5, retry_schedule: ["30s", "5m"] },
  }),
  "DELETE /v1/endpoints": operation({
    tag: "Endpoints",
    summary: "Forget an endpoint's settings and health",
    description: "409 while calls wait for it.",
    data: deleted("url"),
    refusals: [404, 409],
  }),
  "POST /v1/endpoints/pause": operation({
    tag: "Endpoints",
    summary: "Pause an endpoint",
    description: "Its calls wait until it is enabled. 409 if 1,000 endpoints have settings or are paused.",
    data: endpoint,
    refusals: [409, 422],
    example: { url: "https://crm.example/hook" },
  }),
  "POST /v1/endpoints/enable": operation({
    tag: "Endpoints",
    summary: "Enable an endpoint",
    description: "The calls that waited are delivered; with `redeliver: false` they end as `disabled`.",
    data: enabledEndpoint,
    refusals: [404, 409],
    example: { url: "https://crm.example/hook" },
  }),
  "POST /v1/endpoints/probe": operation({
    tag: "Endpoints",
    summary: "Probe a degraded endpoint now",
    description: "409 unless it is degraded.",
    data: endpoint,
    refusals: [409],
    example: { url: "https://crm.example/hook" },
  }),
};
