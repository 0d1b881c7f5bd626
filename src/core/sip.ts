/** Maps SIP codes to error messages. Pure. */

const CALL_FAILED = "Call failed.";

const MESSAGES: Readonly<Record<number, string>> = {
  404: "Call failed. The number you dialed is not found.",
  480: "Call failed. The number you dialed is temporarily unavailable.",
  486: "Call failed. The number you dialed is busy. Please try again later.",
  608: "Call failed. Service Provider Blocked Call due to Spam or Number Reputation. Try a different number.",
};

/** The `error_message` of a call that ended with this code; null for a success. */
export const sipMessage = (code: number): string | null =>
  code >= 200 && code < 300 ? null : (MESSAGES[code] ?? CALL_FAILED);

/**
 * The payload with its `error_message` filled from the code. The payload itself if it has a message or there is no
 * code.
 */
export const withErrorMessage = <T extends object>(payload: T, code: number | undefined): T => {
  if (code === undefined || ("error_message" in payload && payload.error_message !== null)) return payload;
  return { ...payload, error_message: sipMessage(code) };
};
