/** The form of API keys. Pure. */

/** `pc_` and 5 to 125 characters of `A-Z a-z 0-9 _ -`. Any other text is no key and needs no look-up. */
export const isApiKeyForm = (text: string): boolean => /^pc_[A-Za-z0-9_-]{5,125}$/.test(text);
