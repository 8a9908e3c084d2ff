/** The words of the window, by language: French comes with it, others as files of their own. */

import { fr, type Sentences } from "./fr";
import { type Texts, wordsOf } from "./words";

type Locale = "fr" | "en";

const KNOWN: Partial<Record<Locale, Sentences>> = { fr };

export function hasTexts(locale: Locale): boolean {
  return locale in KNOWN;
}

export function addTexts(locale: Locale, sentences: Sentences): void {
  KNOWN[locale] = sentences;
}

/**
 * The texts of a language (in French as long as it has not come), with those that the host page words differently.
 * Only plain sentences can be replaced.
 */
export function textsOf(locale: Locale, replaced: Readonly<Record<string, string>> = {}): Texts {
  const own = KNOWN[locale] ?? fr;
  const plain = Object.entries(replaced).filter(
    ([key, value]) => typeof value === "string" && typeof (own[key as keyof Sentences] ?? "") === "string",
  );
  return wordsOf({ ...own, ...Object.fromEntries(plain), locale: own.locale, tag: own.tag });
}

export type { Texts };
