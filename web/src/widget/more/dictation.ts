/** The microphone beside the field, and what it hears: put into the field to be read, never sent by itself. */

import type { Actions, Model } from "../model";
import { fill } from "../texts/words";
import { attribute, button, h, icon, show, words } from "../view/dom";
import { MICROPHONE } from "./icons";
import type { MoreTexts } from "./texts";

/** Where the composer lets it in. */
export interface Field {
  /** Puts the button beside the field and the line above it. */
  place(microphone: HTMLElement, status: HTMLElement): void;
  /** Adds to what is written. */
  add(text: string): void;
}

export interface Dictation {
  render(voice: Model["voice"]): void;
}

export function createDictation(
  texts: MoreTexts,
  actions: Actions,
  field: Field,
  say: (text: string) => void,
): Dictation {
  let heard = "";
  const status = h("p.hearing", { hidden: true });
  const toggle = () =>
    microphone.getAttribute("aria-pressed") === "true" ? actions.stopListening() : actions.startListening();
  const microphone = button("round", icon(MICROPHONE), toggle, { hidden: true });
  field.place(microphone, status);

  return {
    render({ canListen, listening, level, heard: now }) {
      const isOn = listening === "asking" || listening === "listening";
      show(microphone, canListen);
      attribute(microphone, "aria-label", isOn ? texts.microphoneStop : texts.microphone);
      attribute(microphone, "aria-pressed", String(isOn));
      attribute(microphone, "data-state", listening);
      microphone.style.setProperty("--level", level.toFixed(2));
      if (status.textContent !== texts.listening[listening]) {
        words(status, texts.listening[listening]);
        show(status, listening !== "off");
        if (listening !== "off") {
          say(texts.listening[listening]);
        }
      }
      if (now !== heard) {
        heard = now;
        if (now) {
          field.add(now);
          say(fill(texts.heard, { text: now }));
        }
      }
    },
  };
}
