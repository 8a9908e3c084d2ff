/**
 * Where the visitor writes: the field, its counter, and the pause before something that should not be sent by chance.
 *
 * What is written stays in the field until it is sent; what was heard is added to it, never sent by itself.
 */

import { mayBeSensitive } from "../caution";
import type { Actions, Model } from "../model";
import type { More } from "../more/more";
import type { Texts } from "../texts";
import { fill } from "../texts/words";
import { attribute, h, icon, words } from "./dom";
import { SEND } from "./icons";

const SOON_FULL = 200;
const DEFAULT_LIMIT = 2000;

export interface Composer {
  readonly node: HTMLElement;
  readonly field: HTMLTextAreaElement;
  /** Sends what is written. */
  deliver(): void;
  render(model: Model): void;
  /** For the microphone: its button beside the field, its line above. */
  place(microphone: HTMLElement, status: HTMLElement): void;
  /** Adds to what is written. */
  add(text: string): void;
}

export function createComposer(
  texts: Texts,
  actions: Actions,
  placeholder: string,
  say: (text: string) => void,
  need: (use: (more: More) => void) => void,
): Composer {
  let limit = DEFAULT_LIMIT;

  const counter = h("span", { id: "counter" });
  const field = h("textarea", {
    id: "field",
    rows: 1,
    dir: "auto",
    autocomplete: "off",
    enterkeyhint: "send",
    placeholder: placeholder || null,
    "aria-describedby": "counter hint",
    oninput: () => onInput(),
    onkeydown: (event: KeyboardEvent) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        submit();
      }
    },
  });
  const label = h("label", { for: "field" }, texts.field);
  const send = h("button.main.send", { type: "submit" }, icon(SEND), h("span", texts.send));

  const node = h(
    "form.composer",
    {
      novalidate: true,
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        submit();
      },
    },
    label,
    h("div.row", field, send),
    h("p.notes", h("span", { id: "hint" }, texts.hint), counter),
  );

  /** How many characters are too many; as the server counts them. */
  function excess(): number {
    return [...field.value.trim()].length - limit;
  }

  function onInput(): void {
    field.style.height = "auto";
    if (field.scrollHeight) {
      field.style.height = `${field.scrollHeight + 2}px`;
    }
    const over = excess();
    const wasOver = field.getAttribute("aria-invalid") === "true";
    const wasEmpty = counter.textContent === "";
    words(counter, over > 0 ? texts.count(texts.over, over) : over > -SOON_FULL ? texts.count(texts.left, -over) : "");
    attribute(field, "aria-invalid", over > 0 ? "true" : null);
    attribute(counter, "data-over", over > 0);
    if (wasOver !== over > 0 || (wasEmpty && counter.textContent)) {
      say(counter.textContent ?? ""); // when the limit comes near and when it is passed, not at every key
    }
  }

  function submit(): void {
    if (!field.value.trim() || excess() > 0) {
      field.focus({ preventScroll: true });
      return;
    }
    // Nothing is sent unlooked at: where there may be something, it waits for what looks.
    if (mayBeSensitive(field.value)) {
      need(({ care }) => care.check());
    } else {
      deliver();
    }
  }

  function deliver(): void {
    const text = field.value.trim();
    if (!text) {
      return; // sent meanwhile
    }
    field.value = "";
    onInput();
    field.focus({ preventScroll: true });
    actions.send(text);
  }

  function add(text: string): void {
    field.value = field.value.trim() ? `${field.value.trimEnd()} ${text}` : text;
    onInput();
    field.focus({ preventScroll: true });
    field.setSelectionRange(field.value.length, field.value.length);
  }

  return {
    node,
    field,
    deliver,
    add,
    place(microphone, status) {
      send.before(microphone);
      label.before(status);
    },
    render(model) {
      limit = model.service?.max_message_chars ?? DEFAULT_LIMIT;
      const { state, agent } = model.person;
      const toAgent = fill(texts.fieldToAgent, { agent: agent || texts.someone });
      words(label, state === "active" ? toAgent : texts.field);
    },
  };
}
