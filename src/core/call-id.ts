/** The form of call ids. Pure. */

/** 1–128 characters of `A-Z a-z 0-9 . _ : -`. `.` and `..` are not allowed: a URL's path would drop them. */
export const CALL_ID = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,128}$/;

export const isCallId = (text: string): boolean => CALL_ID.test(text);
