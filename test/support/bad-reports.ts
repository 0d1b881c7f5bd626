/** Bodies of reports that are refused with 400, and a pattern for what the refusal says. Data only. */

export const BAD_REPORTS: [what: string, body: string, message: string][] = [
  ["no JSON", "{", "not valid JSON"],
  ["no JSON at its end", '{"payload":{"call_id":"a"}', "not valid JSON"],
  ["an empty body", "", "empty"],
  ["no object", "[]", "The body must be a JSON object, and is \\[\\]"],
  ["no payload", "{}", "payload must be a JSON object, and is missing"],
  ["a number whose digits are kept", "1.10", "The body must be a JSON object, and is 1.10"],
  ["a payload that is an array", '{"payload":[1]}', "payload must be a JSON object, and is \\[1\\]"],
  ["a payload that is a number", '{"payload":1.50}', "payload must be a JSON object, and is 1.50"],
  ["no call_id", '{"payload":{}}', "payload.call_id must be a string, and is missing"],
  ["a call_id that is a number", '{"payload":{"call_id":12345678901234567890}}', "is 12345678901234567890"],
  ["an empty call_id", '{"payload":{"call_id":""}}', 'and is ""'],
  ["a call_id with a slash", '{"payload":{"call_id":"a/b"}}', 'payload.call_id .* and is "a/b"'],
  ["a call_id of dots", '{"payload":{"call_id":".."}}', 'and is "\\.\\."'],
  ["a call_id of 129 characters", `{"payload":{"call_id":"${"a".repeat(129)}"}}`, "1 to 128"],
  ["a call_id hidden in __proto__", '{"payload":{"__proto__":{"call_id":"a"}}}', "payload.call_id must be"],
  ["a payload hidden in __proto__", '{"__proto__":{"payload":{"call_id":"a"}}}', 'not known: "__proto__"'],
  [
    "a webhook that is no string",
    '{"payload":{"call_id":"a"},"webhook":7}',
    "webhook must be a URL or null, and is 7",
  ],
  [
    "a webhook that is no URL",
    '{"payload":{"call_id":"a"},"webhook":"crm"}',
    'webhook must be a URL, and is "crm"',
  ],
  ["an empty webhook", '{"payload":{"call_id":"a"},"webhook":""}', "webhook must be a URL"],
  [
    "an unknown event",
    '{"payload":{"call_id":"a"},"webhook_events":["calls"]}',
    'webhook_events\\[0\\] .* and is "calls"',
  ],
  ["a member that is not known", '{"payload":{"call_id":"a"},"webook":null}', 'not known: "webook"'],
];
