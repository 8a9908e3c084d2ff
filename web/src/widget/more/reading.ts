/** The button under an answer that reads it aloud. */

import type { Actions } from "../model";
import { button, h, icon, show, words } from "../view/dom";
import { SPEAKER } from "./icons";
import type { MoreTexts } from "./texts";

export interface Speaker {
  readonly node: HTMLElement;
  update(canSpeak: boolean, isSpeaking: boolean): void;
}

export function createSpeaker(texts: MoreTexts, actions: Actions, seq: number): Speaker {
  const word = h("span");
  const node = button("plain", icon(SPEAKER), () => actions.readAloud(seq));
  node.append(word);
  return {
    node,
    update(canSpeak, isSpeaking) {
      show(node, canSpeak);
      words(word, isSpeaking ? texts.stop : texts.listen);
    },
  };
}
