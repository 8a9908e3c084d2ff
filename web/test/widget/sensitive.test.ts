import { describe, expect, test } from "vitest";
import { mayBeSensitive } from "../../src/widget/caution";
import { sensitive } from "../../src/widget/more/sensitive";

const looked = (text: string) => {
  const found = sensitive(text);
  expect(found.length === 0 || mayBeSensitive(text), text).toBe(true); // nothing is sent unlooked at
  return found;
};
const kinds = (text: string) => looked(text).map(({ kind }) => kind);
const found = (text: string) => looked(text).map(({ start, end }) => text.slice(start, end));

describe("a social security number", () => {
  test.each([
    "185057800608491",
    "1 85 05 78 006 084 91",
    "1 85 05 78 006 084 91",
    "1.85.05.78.006.084.91",
    `2 91 12 2A 004 123 ${key("291122A004123")}`,
    `2 91 12 2b 004 123 ${key("291122B004123")}`,
    `1 73 33 99 109 056 ${key("1733399109056")}`, // month 33: born abroad, without papers
    "1 85 05 78 006 084", // thirteen digits: the key left out
  ])("%s", (number) => {
    expect(found(`Mon numéro : ${number}, merci`)).toEqual([number]);
    expect(kinds(number)).toEqual(["social_security"]);
  });

  test.each([
    "185057800608435", // the key is wrong
    "385057800608491", // no such sex
    "1850578006084361", // a longer number
    "1 85 15 78 006 084 91", // no such month
    "1732272000000", // a time in milliseconds: month 22, commune 000
  ])("not %s", (number) => expect(kinds(number).filter((kind) => kind === "social_security")).toEqual([]));
});

describe("an IBAN", () => {
  test.each([
    "FR1420041010050500013M02606",
    "FR14 2004 1010 0505 0001 3M02 606",
    "fr14 2004 1010 0505 0001 3m02 606",
    "DE89 3704 0044 0532 0130 00",
    "BE68 5390 0754 7034",
    "LU28 0019 4006 4475 0000",
    "ES91 2100 0418 4502 0005 1332",
    "IT60 X054 2811 1010 0000 0123 456",
    "GB29 NWBK 6016 1331 9268 19",
  ])("%s", (iban) => {
    expect(found(`Voici : ${iban} (compte courant)`)).toEqual([iban]);
    expect(kinds(iban)).toEqual(["iban"]);
  });

  test("ends where it ends, whatever follows", () => {
    expect(found("FR14 2004 1010 0505 0001 3M02 606 merci 12")).toEqual(["FR14 2004 1010 0505 0001 3M02 606"]);
  });

  test.each(["FR15 2004 1010 0505 0001 3M02 606", "FR 12 mai 2024", "de 10 à 12 h, le 24 décembre 2024 à 18 h 30"])(
    "not %s",
    (text) => expect(kinds(text)).toEqual([]),
  );
});

describe("a bank card", () => {
  test.each(["4111 1111 1111 1111", "5555555555554444", "3782 822463 10005", "4970-1000-0000-0014"])("%s", (card) =>
    expect(kinds(`carte ${card}.`)).toEqual(["card"]),
  );
  test.each(["4111 1111 1111 1112", "41111111111111111"])("not %s", (card) => expect(kinds(card)).toEqual([]));
});

describe("a telephone number", () => {
  test.each([
    "0612345678",
    "06 12 34 56 78",
    "06.12.34.56.78",
    "01-23-45-67-89",
    "06 12 34 56 78",
    "+33 6 12 34 56 78",
    "+33 (0)6 12 34 56 78",
    "0033 6 12 34 56 78",
    "+32 470 12 34 56",
    "+262 692 12 34 56",
  ])("%s", (number) => {
    expect(found(`Rappelez-moi au ${number} ou demain`)).toEqual([number]);
    expect(kinds(number)).toEqual(["phone"]);
  });

  test.each(["0 806 000 405", "0800 123 456", "3939", "08 06 00 04 05"])(
    "a service's own number, %s, is nobody's",
    (number) => expect(kinds(number)).toEqual([]),
  );
});

test("an e-mail address", () => {
  expect(found("Écrivez à jeanne.d’arc ou zoé.martin+cea@mairie-de-foug.fr.")).toEqual([
    "zoé.martin+cea@mairie-de-foug.fr",
  ]);
});

describe("what associations really write is not pointed out", () => {
  test.each([
    "Notre Siret est 732 829 320 00074.", // passes Luhn, as every Siret
    "SIRET 73282932000074",
    "Siret 44306184100047, Siren 443 061 841",
    "Siret 05 62 00 10 60 00 12", // written in pairs
    "RNA W751234567",
    "Le 01/02/2024 à 15h30, puis le 01.02.2024 15 personnes",
    "12 novembre 2026, 01-02-2026",
    "Nous payons 1 250,50 € brut, 11,88 € de l’heure, 1 200 000 € par an",
    "Volet n° 2024 1105 0007",
    "Code APE 9499Z, code postal 54570, 2 salariés, 35 heures",
    "Décret n° 2024-951 du 23 octobre 2024",
    "IDCC 1518, URSSAF 417 000 001 234 567 890",
    "FR 12 345678901", // VAT
    "un e-mail, l’arobase @ et rien d’autre : contact @ mairie",
    "Année 2023 2024 2025 2026",
  ])("%s", (text) => expect(found(text)).toEqual([]));
});

test("several, in the order of the text, none inside another", () => {
  const text = "Marie, 06 12 34 56 78, marie@exemple.fr, FR14 2004 1010 0505 0001 3M02 606, 1 85 05 78 006 084 91";
  expect(kinds(text)).toEqual(["phone", "email", "iban", "social_security"]);
  const all = sensitive(text);
  all.slice(1).forEach((one, index) => {
    expect(one.start).toBeGreaterThanOrEqual(all[index]?.end ?? 0);
  });
});

test("a long text does not take long", () => {
  const start = performance.now();
  sensitive("1 ".repeat(20_000) + "@".repeat(10_000) + "a.".repeat(10_000));
  expect(performance.now() - start).toBeLessThan(2_000);
});

/** The key of a number, computed another way than the code does. */
function key(number: string): string {
  const digits = BigInt(number.replace("2A", "19").replace("2B", "18"));
  return String(97n - (digits % 97n)).padStart(2, "0");
}
