/** The options of the conversation: a plain list of buttons, in the order of the tabulator, unfolded by another one. */

import type { Actions, Model } from "../model";
import { attribute, button, disable, h, isDisabled, show, words } from "../view/dom";
import type { Sheets } from "./sheets";
import type { MoreTexts } from "./texts";

export interface Menu {
  toggle(): void;
  render(model: Model): void;
  /** False when it was not open. */
  escape(): boolean;
}

export function createMenu(
  texts: MoreTexts,
  actions: Actions,
  sheets: Sheets,
  toggle: HTMLElement,
  about: () => HTMLElement,
): Menu {
  const entries = h("ul.menu", { id: "menu", hidden: true });
  const entry = (label: string, act: () => void, more = {}) => {
    const onclick = () => {
      if (!isDisabled(item)) {
        fold(true);
        toggle.focus();
        act();
      }
    };
    const item = button("entry", label, onclick, more);
    entries.append(h("li", item));
    return item;
  };
  const download = entry(texts.download, () => actions.download());
  const erase = entry(texts.erase, () => sheets.open(eraseSheet(), toggle));
  entry(texts.about, () => {
    const heading = h("h3", { tabindex: "-1" }, texts.about);
    const back = button("main", texts.back, () => sheets.close());
    sheets.open(h("div.form", heading, about(), h("div.buttons", back)), toggle);
  });
  const other = texts.locale === "fr" ? "en" : "fr";
  entry(texts.otherLanguage, () => actions.setLocale(other), { lang: other });
  attribute(toggle, "aria-controls", "menu");
  toggle.after(entries);
  const place = toggle.parentElement;
  place?.addEventListener("focusout", ({ relatedTarget }) => {
    if (!place.contains(relatedTarget as Node | null)) {
      fold(true);
    }
  });

  function fold(isFolded: boolean): void {
    show(entries, !isFolded);
    attribute(toggle, "aria-expanded", String(!isFolded));
  }

  function eraseSheet(): HTMLElement {
    const heading = h("h3", { tabindex: "-1" }, texts.eraseTitle);
    const text = h("p", texts.eraseText);
    const confirm = button("main", texts.eraseConfirm, () => void perform());
    const back = button("button", texts.cancel, () => sheets.close());
    const perform = async () => {
      if (isDisabled(confirm)) {
        return;
      }
      disable(confirm, true);
      words(confirm, texts.erasing);
      const isErased = await actions.erase();
      words(heading, isErased ? texts.erased : texts.notErased);
      words(text, isErased ? "" : texts.problem.not_erased);
      words(back, texts.back);
      heading.focus();
      show(confirm, false);
    };
    return h("div.form", heading, text, h("div.buttons", confirm, back));
  }

  return {
    toggle: () => fold(!entries.hidden),
    render({ items }) {
      disable(download, items.length === 0);
      disable(erase, items.length === 0);
    },
    escape() {
      const wasOpen = !entries.hidden;
      if (wasOpen) {
        fold(true);
        toggle.focus();
      }
      return wasOpen;
    },
  };
}
