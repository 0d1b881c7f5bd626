/** Phone numbers: what is E.164 and possible, and that the table of lengths is the library's. */
import { type CountryCode, getExampleNumber, Metadata, type MetadataJson } from "libphonenumber-js/core";
import metadata from "libphonenumber-js/min/metadata";
import examples from "libphonenumber-js/mobile/examples";
import { expect, test } from "vitest";
import { POSSIBLE_LENGTHS } from "../../src/core/calling-codes.ts";
import { isPhoneNumber } from "../../src/core/phone-number.ts";

const E164_DIGITS = 15;

/** The library's table, in the shape of ours: of the countries that share a code, it judges by the first. */
function libraryLengths({ country_calling_codes, nonGeographic }: MetadataJson): Record<string, number[]> {
  const codes = [...Object.keys(country_calling_codes), ...Object.keys(nonGeographic)];
  const lengthsOf = (code: string): number[] => {
    const library = new Metadata(metadata);
    library.selectNumberingPlan(code as CountryCode); // takes a calling code too, and says so nowhere
    const possible = library.numberingPlan?.possibleLengths() ?? [];
    return possible.filter((length) => code.length + length <= E164_DIGITS);
  };
  return Object.fromEntries(codes.map((code) => [code, lengthsOf(code)]));
}

test("the table has every calling code of the library, with its lengths", () => {
  expect(POSSIBLE_LENGTHS).toEqual(libraryLengths(metadata));
});

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
    (country) => getExampleNumber(country as CountryCode, examples, metadata)?.number ?? "",
  );
  expect(numbers.length).toBeGreaterThan(200);
  expect(numbers.filter((number) => !isPhoneNumber(number))).toEqual([]);
});
