/** The samples of test webhooks: the same each time, and true to the fields of real payloads. */
import { expect, test } from "vitest";
import { SAMPLE_KINDS, sampleOf } from "../../src/core/samples.ts";
import { NOW } from "./samples.ts";

const input = { call_id: "test_1", user_id: "org_1", phone_number: null, now: NOW };

/** As the public documentation of the payload names them. */
const FIELDS =
  `call_id c_id call_length corrected_duration batch_id to from completed inbound created_at started_at end_at
  queue_status status max_duration error_message variables answered_by record recording_url metadata summary price
  local_dialing call_ended_by disposition_tag pathway_id pathway_tags pathway_logs citation_schema_ids
  concatenated_transcript transcripts`.split(/\s+/);

test("each is JSON that names its call, and the same again for the same arguments", () => {
  for (const kind of SAMPLE_KINDS) {
    const sample = sampleOf(kind, input);
    expect(sample.call_id).toBe("test_1");
    expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
    expect(sampleOf(kind, input)).toEqual(sample);
  }
});

test("of a call have the fields of real payloads and no others", () => {
  expect(Object.keys(sampleOf("completed", input)).sort()).toEqual([...FIELDS].sort());
  for (const field of Object.keys(sampleOf("failed", input))) expect(FIELDS).toContain(field);
});

test("of an inbound call came in at the number given", () => {
  const inbound = sampleOf("completed", { ...input, phone_number: "+498912345678" });
  expect(inbound).toMatchObject({ inbound: true, to: "+498912345678", from: "+12125550142" });
  expect(sampleOf("completed", input)).toMatchObject({ inbound: false, to: "+12125550142" });
});

test("end when they say they do", () => {
  expect(sampleOf("completed", input)).toMatchObject({
    started_at: "2025-12-31T23:58:46.000Z",
    end_at: "2026-01-01T00:00:00.000Z",
    corrected_duration: "74",
    call_length: 1.23,
  });
});
