/**
 * The way to a person: a button that is always there, in the same place and with the same words, and a bar that says
 * how the request stands.
 *
 * The bar's buttons are made once and shown or hidden: what has the focus keeps it while the state changes.
 */

import type { Availability } from "../../shared/protocol";
import type { Actions, Model, PersonState } from "../model";
import type { More } from "../more/more";
import type { Texts } from "../texts";
import { fill } from "../texts/words";
import { attribute, button, disable, h, icon, isDisabled, show, words } from "./dom";
import { CLOSE, PERSON } from "./icons";

/** Pressed again before the server can have answered: one request. */
const DOUBLE_PRESS_MS = 1_000;
const WAITING = new Set(["requested", "queued", "active"]);

export interface Person {
  readonly bar: HTMLElement;
  readonly foot: HTMLElement;
  render(model: Model): void;
  /** Closes the question whether to cancel; false when it was not open. */
  escape(): boolean;
}

export function createPerson(
  texts: Texts,
  actions: Actions,
  say: (text: string) => void,
  takeFocus: () => void,
  need: (use: (more: More) => void) => void,
): Person {
  let state: PersonState | null = null;
  let availability: Availability | null = null;
  let isConfirming = false;
  let dismissed = "";
  let askedAt = Number.NEGATIVE_INFINITY;

  const text = h("p", { id: "person-text" });
  const hours = h("ul");
  const schedule = h("details", h("summary", texts.hours), hours);
  const stop = button("button", texts.stopWaiting, () => onStop());
  const keep = button("button", texts.keepWaiting, () => confirm(false));
  const callback = button("main", texts.callback, () => openForm("callback", callback));
  const message = button("button", texts.message, () => openForm("message", message));
  const hide = button("round", icon(CLOSE), () => onHide(), { "aria-label": texts.hide });
  const bar = h(
    "div.bar.calm",
    { role: "group", "aria-labelledby": "person-text", hidden: true },
    h("div.bar-text", text, schedule),
    hide,
    h("div.bar-buttons", callback, message, keep, stop),
  );

  const opens = h("span.opens", { id: "opens", hidden: true });
  const ask = button("button.ask", icon(PERSON), () => onAsk());
  ask.append(h("span", texts.person));
  const foot = h("div.person-foot", ask, opens);

  const opensAt = (iso: string) => fill(texts.opens, { moment: texts.momentText(iso) });

  function onAsk(): void {
    if (isDisabled(ask)) {
      say(text.textContent ?? "");
    } else if (performance.now() - askedAt > DOUBLE_PRESS_MS) {
      askedAt = performance.now();
      dismissed = "";
      actions.askPerson();
    }
  }

  function onStop(): void {
    if (!isConfirming && state?.state !== "requested") {
      confirm(true);
      return;
    }
    takeFocus(); // the bar is about to disappear
    isConfirming = false;
    actions.cancelPerson();
  }

  function onHide(): void {
    dismissed = state?.state ?? "";
    takeFocus();
    renderBar();
  }

  function confirm(isAsking: boolean): void {
    isConfirming = isAsking;
    renderBar();
    (isAsking ? keep : stop).focus();
    if (isAsking) {
      say(text.textContent ?? "");
    }
  }

  function openForm(kind: "callback" | "message", opener: HTMLElement): void {
    need(({ forms }) => forms.open(kind, availability?.slots ?? [], opener));
  }

  function renderBar(): void {
    const now = state?.state ?? "none";
    const isWaiting = WAITING.has(now);
    const isRefused = now === "refused";
    const loss = now === "active" ? texts.loseAgent : texts.losePlace;
    const next = isRefused && availability?.next_opening ? opensAt(availability.next_opening) : "";
    words(text, isConfirming ? loss : state ? `${texts.stateText(state)} ${next}`.trim() : "");
    words(stop, now === "active" ? texts.stopTalking : texts.stopWaiting);
    words(keep, now === "active" ? texts.keepTalking : texts.keepWaiting);
    show(stop, isWaiting);
    show(keep, isConfirming);
    show(callback, isRefused && Boolean(availability?.slots.length));
    show(message, isRefused && availability?.messages === true);
    show(schedule, isRefused && Boolean(availability?.hours.length));
    show(hide, !isWaiting);
    attribute(bar, "data-state", now);
    const isShown = text.textContent !== "" && dismissed !== now;
    if (!isShown && bar.contains((bar.getRootNode() as ShadowRoot).activeElement)) {
      takeFocus();
    }
    show(bar, isShown);
    disable(ask, isWaiting);
  }

  return {
    bar,
    foot,
    escape() {
      const wasConfirming = isConfirming;
      if (wasConfirming) {
        confirm(false);
      }
      return wasConfirming;
    },
    render({ person, service }) {
      const known = person.availability ?? service?.person ?? null;
      if (person === state && known === availability) {
        return;
      }
      const hasMoved = state?.state === "queued" && person.state === "queued" && person.position !== state.position;
      if (person.state !== state?.state) {
        dismissed = "";
        askedAt = Number.NEGATIVE_INFINITY;
        isConfirming = false; // what was asked about is no longer so
        askedAt = Number.NEGATIVE_INFINITY;
      }
      if (known !== availability) {
        hours.replaceChildren(...(known?.hours ?? []).map((line) => h("li", line)));
      }
      state = person;
      availability = known;
      renderBar();
      const opening = known && !known.open && bar.hidden ? known.next_opening : null;
      show(opens, opening !== null);
      words(opens, opening ? opensAt(opening) : "");
      attribute(ask, "aria-describedby", opening ? "opens" : null);
      if (hasMoved) {
        say(texts.stateText(person));
      }
    },
  };
}
