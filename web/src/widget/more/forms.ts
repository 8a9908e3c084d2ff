/** The two forms for when nobody is there: to be called back, and to leave a message. */

import type { Slot } from "../../shared/protocol";
import type { Actions, PersonState } from "../model";
import { fill } from "../texts/words";
import { attribute, button, disable, h, isDisabled, show, words } from "../view/dom";
import type { Sheets } from "./sheets";
import type { MoreTexts } from "./texts";

const LONGEST_TEXT = 2000;

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
interface Field {
  readonly node: HTMLElement;
  readonly control: Control;
  /** Shows what is wrong beside the field; true when nothing is. */
  check(): boolean;
}

interface Form {
  readonly node: HTMLElement;
  render(person: PersonState): void;
}

export interface Forms {
  /** `opener` has the focus again when the form is closed. */
  open(kind: "callback" | "message", slots: readonly Slot[], opener: HTMLElement): void;
  render(person: PersonState): void;
}

export function createForms(texts: MoreTexts, actions: Actions, sheets: Sheets): Forms {
  let form: Form | null = null;
  let opener: HTMLElement | null = null;
  let person: PersonState | null = null;
  const close = () => sheets.close();

  /** The form has done its work: what comes of it, in its place. */
  function conclude(now: PersonState): void {
    const heading = h("h3", { tabindex: "-1" }, texts.stateText(now));
    const back = button("main", texts.back, close);
    sheets.open(h("div.form", heading, h("div.buttons", back)), opener);
    form = null;
  }

  return {
    open(kind, slots, from) {
      opener = from;
      form = kind === "callback" ? callbackForm(texts, actions, slots, close) : messageForm(texts, actions, close);
      sheets.open(form.node, opener, () => {
        form = null;
      });
      if (person) {
        form.render(person);
      }
    },
    render(now) {
      const isDone = now.state === "callback" || now.state === "message_left";
      if (form && isDone && now.state !== person?.state) {
        conclude(now);
      } else {
        form?.render(now);
      }
      person = now;
    },
  };
}

/** A number that can be called: at least nine digits, with the usual signs between them. */
export function isNumber(text: string): boolean {
  const digits = text.replace(/[\s().\-/]/gu, "");
  return /^\+?\d{9,15}$/u.test(digits);
}

export function isContact(text: string): boolean {
  return isNumber(text) || /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/u.test(text.trim());
}

function callbackForm(texts: MoreTexts, actions: Actions, slots: readonly Slot[], back: () => void): Form {
  const name = nameField(texts);
  const number = field(texts, "number", h("input", { type: "tel", autocomplete: "tel" }), isNumber);
  const slot = field(texts, "time", slotChoice(texts, slots), (value) => value !== "");
  const submit = () =>
    actions.leaveCallback(name.control.value.trim(), number.control.value.trim(), slot.control.value);
  return form(texts, texts.callback, [name, number, slot], submit, back);
}

function messageForm(texts: MoreTexts, actions: Actions, back: () => void): Form {
  const name = nameField(texts);
  const contact = field(texts, "contact", h("input", { type: "text" }), isContact);
  const area = h("textarea", { rows: 4, dir: "auto" });
  const text = field(texts, "text", area, (value) => value !== "" && value.length <= LONGEST_TEXT);
  const submit = () =>
    actions.leaveMessage(name.control.value.trim(), contact.control.value.trim(), text.control.value.trim());
  return form(texts, texts.message, [name, contact, text], submit, back);
}

function nameField(texts: MoreTexts): Field {
  return field(texts, "name", h("input", { type: "text", autocomplete: "name" }), (value) => value !== "");
}

/** Slots by day, in a native list: it speaks, scrolls and opens as on the visitor's other forms. */
function slotChoice(texts: MoreTexts, slots: readonly Slot[]): HTMLSelectElement {
  const select = h("select", h("option", { value: "" }, texts.chooseTime));
  let group = h("optgroup");
  for (const slot of slots) {
    const day = texts.day(slot.from);
    if (group.label !== day) {
      group = h("optgroup", { label: day });
      select.append(group);
    }
    // The day is said again in each: the chosen one stands alone in the closed list.
    group.append(h("option", { value: slot.id }, texts.slotText(slot)));
  }
  return select;
}

function field(
  texts: MoreTexts,
  key: keyof MoreTexts["missing"],
  control: Control,
  accepts: (value: string) => boolean,
): Field {
  const id = `form-${key}`;
  const error = h("p.error", { id: `${id}-error`, hidden: true });
  attribute(control, "id", id);
  attribute(control, "aria-required", "true");
  words(error, fill(texts.error, { text: texts.count(texts.missing[key], LONGEST_TEXT) }));
  const check = () => {
    const isRight = accepts(control.value.trim());
    show(error, !isRight);
    attribute(control, "aria-invalid", isRight ? null : "true");
    // Hidden text still describes; only what is wrong now should.
    attribute(control, "aria-describedby", isRight ? null : error.id);
    return isRight;
  };
  // What was marked as wrong is looked at again at once; nothing is marked before the first attempt.
  control.addEventListener("input", () => control.hasAttribute("aria-invalid") && check());
  return { node: h("div.field", h("label", { for: id }, texts[key]), control, error), control, check };
}

function form(texts: MoreTexts, title: string, fields: readonly Field[], submit: () => void, back: () => void): Form {
  const heading = h("h3", { tabindex: "-1" }, title);
  const failure = h("p.bar.warn", { role: "alert", hidden: true });
  const send = h("button.main", { type: "submit" });
  const onsubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const wrong = fields.filter((one) => !one.check());
    if (wrong[0]) {
      wrong[0].control.focus();
    } else if (!isDisabled(send)) {
      submit();
    }
  };
  const node = h(
    "form.form",
    { novalidate: true, onsubmit },
    heading,
    h("p.hint", texts.required),
    ...fields.map((one) => one.node),
    failure,
    h("div.buttons", send, button("button", texts.cancel, back)),
  );
  return {
    node,
    render({ form: state, formProblem }) {
      disable(send, state === "sending");
      words(send, state === "sending" ? texts.sending : texts.send);
      words(failure, state === "failed" ? formProblem || texts.formFailed : "");
      show(failure, state === "failed");
    },
  };
}
