/**
 * Realistic sample payloads to try a receiver with. The people are invented, and the numbers are reserved for
 * fiction. Pure: the time and the ids are arguments.
 */
import { sipMessage } from "./sip.ts";

export const SAMPLE_KINDS = ["completed", "citations", "failed"] as const;
export type SampleKind = (typeof SAMPLE_KINDS)[number];

export interface SampleInput {
  call_id: string;
  user_id: string;
  /** The number that was called, for an inbound call. */
  phone_number: string | null;
  /** When the call ended, in milliseconds since the epoch. */
  now: number;
}

/** What a receiver gets after a completed call, after a failed call, and as the separate citations event. */
export const sampleOf = (
  kind: SampleKind,
  input: SampleInput,
): { call_id: string; to?: string; from?: string; inbound?: boolean } => SAMPLES[kind](input);

const CALLER = "+12125550142";
const CALLED = "+14155550117";
const CALL_SECONDS = 74;
const SCHEMA_ID = "5b0f6f0e-6d5e-4d0c-9a35-6a2e8c1f7d42";

/** Who says what, and at which second of the call. */
const DIALOGUE = [
  { user: "assistant", at: 1, text: "Good morning, Harbour Dental, this is Ada. How can I help you?" },
  { user: "user", at: 7, text: "Hi, I have a cleaning on Thursday and I won't make it. Can I move it?" },
  { user: "assistant", at: 14, text: "Of course. May I have your name, please?" },
  { user: "user", at: 18, text: "Jonas Weller." },
  { user: "agent-action", at: 20, text: "Looked up the appointment of Jonas Weller." },
  {
    user: "assistant",
    at: 23,
    text: "Thank you, Jonas. I could offer you Monday the 14th at half past nine.",
  },
  { user: "user", at: 31, text: "Monday at nine thirty works. Could you text me a reminder?" },
  {
    user: "assistant",
    at: 39,
    text: "It's booked, and you'll have a reminder the day before. Anything else?",
  },
  { user: "user", at: 52, text: "No, that's all. Thank you!" },
  { user: "assistant", at: 57, text: "You're welcome. See you on Monday." },
] as const;

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** The members that every call's payload has, answered or not. */
function call({ call_id, phone_number, now }: SampleInput, seconds: number) {
  const started = now - seconds * 1_000;
  const [from, to] = phone_number === null ? [CALLED, CALLER] : [CALLER, phone_number];
  return {
    call_id,
    c_id: call_id,
    batch_id: null,
    to,
    from,
    inbound: phone_number !== null,
    created_at: iso(started - 2_000),
    started_at: iso(started),
    end_at: iso(now),
    max_duration: 12,
    record: true,
    local_dialing: false,
    metadata: { customer: "cus_1042" },
    variables: {
      now: iso(started),
      now_utc: iso(started),
      timestamp: iso(started),
      timezone: "America/New_York",
      short_from: from.slice(-4),
      short_to: to.slice(-4),
      from,
      to,
      call_id,
      phone_number: phone_number === null ? to : from,
      country: "US",
      state: "NY",
      language: "en",
      first_name: "Jonas",
    },
  };
}

function completed(input: SampleInput) {
  const started = input.now - CALL_SECONDS * 1_000;
  const transcripts = DIALOGUE.map(({ user, at, text }, index) => ({
    id: index + 1,
    user,
    text,
    created_at: iso(started + at * 1_000),
  }));
  return {
    ...call(input, CALL_SECONDS),
    call_length: Math.round((CALL_SECONDS / 60) * 100) / 100,
    corrected_duration: String(CALL_SECONDS),
    completed: true,
    queue_status: "complete",
    status: "completed",
    error_message: null,
    answered_by: "human",
    call_ended_by: "USER",
    disposition_tag: "RESCHEDULED",
    summary:
      "Jonas Weller moved his cleaning from Thursday to Monday the 14th, 9:30, and wants a reminder by text.",
    price: 0.11,
    recording_url: null,
    pathway_id: "3f1c7f64-1c5f-4a52-8b7e-90a4f9d25c11",
    pathway_tags: ["rescheduling"],
    pathway_logs: transcripts.map(({ user, text, created_at }, index) => ({
      tag: index === 0 ? { name: "greeting", color: "#2f7d5c" } : null,
      role: user,
      text,
      decision: null,
      pathway_info: null,
      created_at,
      chosen_node_id: index < 4 ? "greet" : "reschedule",
    })),
    citation_schema_ids: [SCHEMA_ID],
    concatenated_transcript: DIALOGUE.map(({ user, text }) => `${user}: ${text}`).join(" \n "),
    transcripts,
  };
}

const failed = (input: SampleInput) => ({
  ...call(input, 0),
  call_length: 0,
  corrected_duration: "0",
  completed: false,
  queue_status: "call_error",
  status: "failed",
  error_message: sipMessage(480),
  answered_by: null,
  call_ended_by: "ASSISTANT",
  disposition_tag: "NO_CONTACT",
  summary: "",
  price: 0,
  recording_url: null,
  pathway_logs: [],
  concatenated_transcript: "",
  transcripts: [],
});

const citations = ({ call_id, user_id, now }: SampleInput) => ({
  call_id,
  user_id,
  event_type: "citations",
  timestamp: iso(now),
  citations: [
    citation(call_id, { name: "patient_name", type: "string", value: "Jonas Weller", said: [3] }),
    citation(call_id, { name: "new_time", type: "string", value: "Monday the 14th, 9:30", said: [5, 6] }),
    citation(call_id, { name: "wants_reminder", type: "boolean", value: true, said: [6] }),
  ],
});

/** A variable, and the utterances that it was taken from. */
const citation = (
  call_id: string,
  variable: { name: string; type: string; value: string | boolean; said: number[] },
) => ({
  call_id,
  variable_name: variable.name,
  variable_type: variable.type,
  value: variable.value,
  schema_id: SCHEMA_ID,
  cited_utterances: variable.said.flatMap((idx) => {
    const utterance = DIALOGUE[idx];
    if (utterance === undefined) return [];
    const { user, at, text } = utterance;
    return {
      id: `utt_${idx}`,
      idx,
      start_time: at,
      end_time: at + Math.ceil(text.length / 14),
      confidence: 0.97,
      channel: user === "user" ? 0 : 1,
      transcript: text,
      speaker_id: user === "user" ? 0 : 1,
      speaker_name: user,
    };
  }),
});

const SAMPLES: Record<SampleKind, (input: SampleInput) => { call_id: string }> = {
  completed,
  citations,
  failed,
};
