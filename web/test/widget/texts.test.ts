import { describe, expect, test } from "vitest";
import type { HandoverState } from "../../src/shared/protocol";
import type { HandoverItem, PersonState } from "../../src/widget/model";
import { addTexts, hasTexts, textsOf } from "../../src/widget/texts";
import { en } from "../../src/widget/texts/en";
import { WORDS } from "../../src/widget/texts/first";
import { fr } from "../../src/widget/texts/fr";
import { frMore } from "../../src/widget/texts/fr-more";
import { fill, isStale, wallTime } from "../../src/widget/texts/words";

type Tree = { readonly [key: string]: string | Tree };

function sentences(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[path + key, value]] : sentences(value, `${path}${key}.`),
  );
}
const french = sentences({ ...fr, ...frMore });
const english = sentences(en);
const holes = (text: string) => [...new Set(text.match(/\{\w+\}/gu))].sort();

test("as long as a language has not been fetched, there are words all the same, and the launcher has its own", () => {
  expect(hasTexts("en")).toBe(false);
  expect(textsOf("en").send).toBe("Envoyer");
  addTexts("en", en);
  expect(textsOf("en").send).toBe("Send");
  expect(WORDS.en.person).toBe(en.person);
});

describe("the sentences", () => {
  test("each exists in both languages, with the same values in it and as many forms", () => {
    expect(english.map(([key]) => key).sort()).toEqual(french.map(([key]) => key).sort());
    const other = new Map(english);
    for (const [key, text] of french) {
      const translated = other.get(key) ?? "";
      expect(text.split("|").length, key).toBe(translated.split("|").length);
      if (!["hour", "slot", "moment"].includes(key)) {
        expect(holes(translated), key).toEqual(holes(text));
      }
    }
  });

  test.each(french)("French typography: %s", (key, text) => {
    expect(text, key).not.toMatch(/(?<!\u202f)[;?!]|(?<!\u00a0)[:»]|«(?!\u00a0)|'|\.\.\.|"/u);
  });

  test.each(english)("English typography: %s", (key, text) => {
    expect(text, key).not.toMatch(/ [;:?!]|'|\.\.\./u);
  });

  test("a host page can word a plain sentence differently, and nothing else", () => {
    const texts = textsOf("fr", { field: "Que cherchez-vous ?", problem: "x", count: "y", locale: "zz", inconnu: "z" });
    expect(texts.field).toBe("Que cherchez-vous ?");
    expect(texts.problem.service_down).toBe(fr.problem.service_down);
    expect(texts.locale).toBe("fr");
    expect(texts.count(texts.left, 2)).toBe("2 caractères restants");
  });
});

const request = (more: Partial<PersonState>): PersonState => ({
  state: "none",
  reason: null,
  position: null,
  waitSeconds: null,
  agent: "",
  slot: null,
  availability: null,
  form: "none",
  formProblem: "",
  ...more,
});
const SLOT = { id: "1", from: "2026-11-24T09:00:00+01:00", to: "2026-11-24T09:30:00+01:00" };

describe("a request for a person, in words", () => {
  const queued = (position: number | null, waitSeconds: number | null) =>
    textsOf("fr").stateText(request({ state: "queued", position, waitSeconds }));

  test("the place in the queue counts those before", () => {
    expect(queued(null, null)).toBe("Vous êtes dans la file d’attente.");
    expect(queued(1, null)).toBe("Vous êtes en tête de la file d’attente.");
    expect(queued(2, null)).toBe("1 personne est avant vous.");
    expect(queued(4, null)).toBe("3 personnes sont avant vous.");
  });

  test.each([
    [0, "moins d’une minute"],
    [59, "moins d’une minute"],
    [60, "environ 1 minute"],
    [61, "environ 2 minutes"],
    [599, "environ 10 minutes"],
    [601, "environ 15 minutes"],
    [3300, "environ 55 minutes"],
    [3400, "environ une heure"],
    [3601, "plus d’une heure"],
    [90000, "plus d’une heure"],
  ])("a wait of %i seconds is never exact nor too short: %s", (seconds, words) => {
    expect(queued(1, seconds)).toBe(`Vous êtes en tête de la file d’attente. Attente estimée\u00a0: ${words}.`);
  });

  test("every state of the protocol has words, in the transcript or above the field, in both languages", () => {
    const states: HandoverState[] = [
      "requested",
      "queued",
      "active",
      "ended",
      "cancelled",
      "refused",
      "callback",
      "message_left",
    ];
    for (const texts of [textsOf("fr"), textsOf("en")]) {
      for (const state of states) {
        const item: HandoverItem = {
          kind: "handover",
          key: "",
          at: "",
          isHistory: false,
          state,
          reason: null,
          agent: "",
          slot: null,
        };
        expect(texts.noteText(item)).toMatch(/^\p{Lu}[^{}]+\.$/u);
        if (state !== "ended" && state !== "cancelled") {
          expect(texts.stateText(request({ state }))).toMatch(/^\p{Lu}[^{}]+\.$/u);
        }
      }
    }
  });

  test("a promised call names the day and both hours", () => {
    const words = textsOf("fr").stateText(request({ state: "callback", slot: SLOT }));
    expect(words).toContain("Un conseiller vous appellera mardi 24 novembre, de 9\u00a0h à 9\u00a0h\u00a030");
    expect(textsOf("en").stateText(request({ state: "callback", slot: SLOT }))).toContain(
      "An adviser will call you on Tuesday 24 November, between 9:00 and 9:30",
    );
  });
});

test("nine o’clock at the service is nine o’clock wherever it is read", () => {
  for (const offset of ["+01:00", "-04:00", "+11:00"]) {
    expect(wallTime(`2026-11-24T09:00:00${offset}`).date.toISOString()).toBe("2026-11-24T09:00:00.000Z");
  }
});

test("an answer is old after a year, and dates are in words", () => {
  const now = Date.parse("2026-11-22");
  expect(isStale("2025-11-30", now)).toBe(false);
  expect(isStale("2025-11-20", now)).toBe(true);
  expect(textsOf("fr").dateText("2026-03-03")).toBe("3 mars 2026");
  expect(textsOf("en").dateText("nonsense")).toBe("");
});

test("what asks for a person from outside has the same words as the window's button", () => {
  expect(WORDS.fr.person).toBe(fr.person);
  expect(WORDS.en.person).toBe(en.person);
});

test("a name that ends with an initial ends the sentence once", () => {
  expect(fill("Vous échangez avec {agent}.", { agent: "Claire D." })).toBe("Vous échangez avec Claire D.");
  expect(fill("Vous échangez avec {agent}.", { agent: "Claire" })).toBe("Vous échangez avec Claire.");
  expect(fill("{unknown}.", {})).toBe("{unknown}.");
});
