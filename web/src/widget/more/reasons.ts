/** The question what was wrong with an answer that did not help. */

import type { FeedbackReason } from "../../shared/protocol";
import type { Actions } from "../model";
import { attribute, button, disable, h } from "../view/dom";
import type { MoreTexts } from "./texts";

/** `given` is called once, with the focus still on the reason that was chosen. */
export function askReason(texts: MoreTexts, actions: Actions, seq: number, given: () => void): HTMLElement {
  let isGiven = false;
  const list = h("ul.chips", { "aria-label": texts.whyNot });
  const choose = (key: FeedbackReason) => {
    if (!isGiven) {
      isGiven = true;
      actions.giveFeedback(seq, false, key);
      for (const [one, chip] of chips) {
        disable(chip, true);
        attribute(chip, "aria-pressed", String(one === key));
      }
      given();
    }
  };
  const keys = Object.keys(texts.reasons) as FeedbackReason[];
  const chips = keys.map((key) => [key, button("chip", texts.reasons[key], () => choose(key))] as const);
  list.append(...chips.map(([, chip]) => h("li", chip)));
  return h("div.why", h("p", { "aria-hidden": "true" }, texts.whyNot), list);
}
