/** Phone numbers: what is E.164 and possible, of every country. */
import { type CountryCode, getExampleNumber } from "libphonenumber-js/min";
import examples from "libphonenumber-js/mobile/examples";
import { expect, test } from "vitest";
import { isPhoneNumber } from "../../src/core/phone-number.ts";

test.each([
  "+14155550100",
  "+12025550123",
  "+4915123456789",
  "+442071838750",
  "+390612345678",
  "+80012345678",
])("%s is a number", (text) => {
  expect(isPhoneNumber(text)).toBe(true);
});

test.each([
  "",
  "+",
  "14155550100",
  "+1415555010",
  "+141555501000",
  "+0123456789",
  "+999123456789",
  "+1 415 555 0100",
  "+1-415-555-0100",
  " +14155550100",
  "+14155550100\n",
  "+１４１５５５５０１００",
  "+1415555010a",
  "+1",
  "+4912345678901234",
  "tel:+14155550100",
])("%j is none", (text) => {
  expect(isPhoneNumber(text)).toBe(false);
});

test("the library's example of each country is a number", () => {
  const numbers = Object.keys(examples).map(
    (country) => getExampleNumber(country as CountryCode, examples)?.number ?? "",
  );
  expect(numbers.length).toBeGreaterThan(200);
  expect(numbers.filter((number) => !isPhoneNumber(number))).toEqual([]);
});
