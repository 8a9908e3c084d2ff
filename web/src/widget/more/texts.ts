/** The sentences of what is fetched at first use, with those of the first file. */

import type { Texts } from "../texts";
import { frMore } from "../texts/fr-more";

export type MoreTexts = Texts & typeof frMore;

/** `texts` has the other language's already, and what the host page words differently. */
export function moreTexts(texts: Texts): MoreTexts {
  return { ...frMore, ...texts };
}
