/**
 * more.js: what not every conversation needs, fetched at first use and, once the window is open, when the browser has
 * nothing else to do. The menu and what is behind it, the forms for when nobody is there, reasons of a feedback, the
 * buttons to speak and to listen, the transcript as a file.
 */

import type { Actions, Model } from "../model";
import type { Texts } from "../texts";
import { dress } from "../view/dom";
import { type Care, createCare, type Draft } from "./care";
import { createDictation, type Dictation, type Field } from "./dictation";
import { createForms, type Forms } from "./forms";
import { createMenu, type Menu } from "./menu";
import css from "./more.css";
import { createSpeaker, type Speaker } from "./reading";
import { askReason } from "./reasons";
import { createSheets } from "./sheets";
import { moreTexts } from "./texts";

export { transcript } from "./export";

/** What the window lends. */
export interface Parts {
  readonly root: ShadowRoot;
  readonly texts: Texts;
  readonly actions: Actions;
  /** The button that unfolds the menu, in its place. */
  readonly toggle: HTMLElement;
  /** What a sheet takes the place of. */
  readonly behind: readonly HTMLElement[];
  readonly field: Field & Draft;
  /** A copy of the notice. */
  about(): HTMLElement;
  say(text: string): void;
  takeFocus(): void;
}

/** For one window, in its language. */
export interface More {
  readonly menu: Menu;
  readonly forms: Forms;
  readonly care: Care;
  render(model: Model): void;
  /** False when there was nothing to close. */
  closeSheet(): boolean;
  askReason(seq: number, given: () => void): HTMLElement;
  speaker(seq: number): Speaker;
  /** Why there is no voice. */
  voiceProblem(problem: string): string | undefined;
}

export function createMore({ root, actions, toggle, behind, field, about, say, takeFocus, ...rest }: Parts): More {
  const texts = moreTexts(rest.texts);
  dress(root, css);
  const sheets = createSheets(behind, takeFocus);
  const menu = createMenu(texts, actions, sheets, toggle, about);
  const forms = createForms(texts, actions, sheets);
  let dictation: Dictation | null = null;
  return {
    menu,
    forms,
    care: createCare(texts, field),
    render(model) {
      menu.render(model);
      forms.render(model.person);
      if (model.voice.canListen) {
        dictation ??= createDictation(texts, actions, field, say);
      }
      dictation?.render(model.voice);
    },
    closeSheet: () => sheets.close(),
    askReason: (seq, given) => askReason(texts, actions, seq, given),
    speaker: (seq) => createSpeaker(texts, actions, seq),
    voiceProblem: (problem) => (texts.voiceProblem as Readonly<Record<string, string>>)[problem],
  };
}
