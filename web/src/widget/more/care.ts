/** The pause before something that should not be sent by chance. */

import { fill } from "../texts/words";
import { button, h, show, words } from "../view/dom";
import { sensitive } from "./sensitive";
import type { MoreTexts } from "./texts";

/** What is written, and how it is sent. */
export interface Draft {
  readonly node: HTMLElement;
  readonly field: HTMLTextAreaElement;
  deliver(): void;
}

export interface Care {
  /** Sends what is written, or asks first whether to. */
  check(): void;
  /** Closes the question; false when it was not open. */
  escape(): boolean;
}

export function createCare(texts: MoreTexts, { node, field, deliver }: Draft): Care {
  const question = h("p", { id: "sensitive" });
  const correct = button("button", texts.correct, () => resume(true));
  const send = () => {
    show(warning, false);
    deliver();
  };
  const anyway = button("button", texts.sendAnyway, send);
  const warning = h(
    "div.bar.warn",
    { role: "group", "aria-labelledby": "sensitive", tabindex: "-1", hidden: true },
    question,
    h("div.bar-buttons", correct, anyway),
  );
  node.prepend(warning);
  field.addEventListener("input", () => show(warning, false));

  function resume(isSelected: boolean): void {
    show(warning, false);
    field.focus({ preventScroll: true });
    const [first] = sensitive(field.value);
    if (isSelected && first) {
      field.setSelectionRange(first.start, first.end);
    }
  }

  return {
    check() {
      const found = sensitive(field.value);
      if (found.length === 0) {
        send();
        return;
      }
      const kinds = [...new Set(found.map(({ kind }) => texts.sensitive[kind]))];
      words(question, fill(texts.saysSensitive, { list: texts.listText(kinds) }));
      show(warning, true);
      warning.focus(); // read as a whole: its name is the question
    },
    escape() {
      const wasOpen = !warning.hidden;
      if (wasOpen) {
        resume(false);
      }
      return wasOpen;
    },
  };
}
