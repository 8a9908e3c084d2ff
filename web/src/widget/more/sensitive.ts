/**
 * What in a text should not be sent by chance: found here, in the visitor's window, before anything leaves it.
 *
 * A number counts only when its own check digits (or, for telephone numbers, its form) say what it is: a warning
 * that comes for a Siret, a date or an amount is one that nobody reads any more.
 */

import type { Sensitive } from "../model";

/** What people put between groups: a space of any kind, a dot, a hyphen, or nothing. */
const GAP = "[ .\\-\\u00a0\\u2009\\u202f]?";
const BEGIN = "\\b"; // no look-behind: Safari has it since 16.4 only
const END = "(?![\\p{L}\\d])";

const EMAIL = /[\p{L}\d][\p{L}\d._%+-]*@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+/gu;

/**
 * Sex, year, month (20 and above: unknown, or born abroad without papers), department, commune, order, key.
 * The key, of two digits, is often left out.
 */
const SOCIAL_SECURITY = new RegExp(
  `${BEGIN}[12]${GAP}\\d\\d${GAP}(?:0[1-9]|1[0-2]|[2-9]\\d)${GAP}(?:\\d\\d|2[AB])${GAP}\\d{3}${GAP}\\d{3}(?<key>${GAP}\\d\\d)?${END}(?!${GAP}\\d)`,
  "giu",
);

/** One separator, the same all along: "01.02.2024 15" is no number. 08: services, not persons. */
const FRENCH_PHONE = "\\b0[1-79](?<gap>[ .\\-\\u00a0\\u2009\\u202f]?)\\d\\d(?:\\k<gap>\\d\\d){3}";
const FOREIGN_PHONE = `(?:\\+|\\b00)[1-9]\\d{0,2}${GAP}(?:\\(0\\))?(?:${GAP}\\d){7,12}`;
const PHONE = new RegExp(`(?:${FRENCH_PHONE}|${FOREIGN_PHONE})${END}`, "gu");

/** Visa and Mastercard in fours or in one piece; American Express in its own groups. */
const CARD = new RegExp(
  `${BEGIN}(?:(?:4\\d{3}|5[1-5]\\d\\d|2[2-7]\\d\\d)(?:${GAP}\\d{4}){3}|3[47]\\d\\d${GAP}\\d{6}${GAP}\\d{5})${END}`,
  "gu",
);

/** After the country and two digits: how many digits (n), letters (a), either (c). From the IBAN registry. */
const IBAN_FORMS: Readonly<Record<string, string>> = {
  FR: "n10c11n2",
  MC: "n10c11n2",
  AT: "n16",
  BE: "n12",
  CH: "n5c12",
  DE: "n18",
  ES: "n20",
  GB: "a4n14",
  IE: "a4n14",
  IT: "a1n10c12",
  LU: "n3c13",
  NL: "a4n10",
  PL: "n24",
  PT: "n21",
  RO: "a4c16",
};
const CLASSES: Readonly<Record<string, string>> = { n: "\\d", a: "[A-Z]", c: "[A-Z\\d]" };
const IBAN = new RegExp(
  `${BEGIN}(?:${Object.entries(IBAN_FORMS)
    .map(([country, form]) => {
      const groups = form.replace(/([nac])(\d+)/g, (_, kind: string, count: string) => {
        return `(?:${GAP}${CLASSES[kind]}){${count}}`;
      });
      return `${country}(?:${GAP}\\d){2}${groups}`;
    })
    .join("|")})${END}`,
  "giu",
);

interface Match {
  readonly before: string;
  readonly after: string;
  readonly hasKey: boolean;
}

/** In the order of the text; none overlaps another. */
export function sensitive(text: string): Sensitive[] {
  const found: Sensitive[] = [];
  const look = (kind: Sensitive["kind"], form: RegExp, isReal: (characters: string, match: Match) => boolean) => {
    for (const match of text.matchAll(form)) {
      const start = match.index;
      const end = start + match[0].length;
      const characters = match[0].replace(/[^\dA-Z]/gi, "").toUpperCase();
      const around = { before: text.slice(0, start), after: text.slice(end), hasKey: !!match.groups?.["key"] };
      if (isReal(characters, around) && !found.some((one) => start < one.end && one.start < end)) {
        found.push({ kind, start, end });
      }
    }
  };
  look("social_security", SOCIAL_SECURITY, (number, { hasKey }) => (hasKey ? isKeyRight : isUsual)(number));
  look("iban", IBAN, isIban);
  look("card", CARD, passesLuhn);
  look("email", EMAIL, () => true);
  // Not a part of a longer number in groups, such as a Siret.
  look("phone", PHONE, (_, { before, after }) => !/\d[\s.-]?$/.test(before) && !/^[\s.-]?\d/.test(after));
  return found.sort((a, b) => a.start - b.start);
}

/** 97 minus the remainder of the thirteen digits; 2A counts as 19, 2B as 18. */
function isKeyRight(number: string): boolean {
  const digits = number.slice(0, 13).replace("2A", "19").replace("2B", "18");
  return 97 - remainder97(digits) === Number(number.slice(13));
}

/** Without a key to tell: a month of the year, a commune. */
function isUsual(number: string): boolean {
  return Number(number.slice(3, 5)) <= 12 && Number(number.slice(7, 10)) > 0;
}

/** ISO 13616: the first four characters last, letters as 10 to 35; one remains when divided by 97. */
function isIban(characters: string): boolean {
  const moved = characters.slice(4) + characters.slice(0, 4);
  return remainder97(moved.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) === 1;
}

function remainder97(digits: string): number {
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0);
}

function passesLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (1 + (place % 2));
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
