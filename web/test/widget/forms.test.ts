import { expect, test } from "vitest";
import { isContact, isNumber } from "../../src/widget/more/forms";

test.each([
  "06 12 34 56 78",
  "06.12.34.56.78",
  "+33 6 12 34 56 78",
  "0033612345678",
  "0690-12-34-56",
  "(01) 23 45 67 89",
])("can be called: %s", (text) => {
  expect(isNumber(text)).toBe(true);
  expect(isContact(text)).toBe(true);
});

test.each(["", "06 12 34", "zéro six", "06 12 34 56 78 ou le soir", "+", "12345678901234567"])(
  "cannot be called: %s",
  (text) => {
    expect(isNumber(text)).toBe(false);
  },
);

test("a contact is a number or an address", () => {
  expect(isContact(" jeanne.dupont@exemple.fr ")).toBe(true);
  expect(isContact("jeanne@exemple")).toBe(false);
  expect(isContact("jeanne exemple.fr")).toBe(false);
});
