/**
 * What a screen reader says by itself.
 *
 * The transcript has `role="log"`, so that it is found and named as one, with `aria-live="off"`: a log that speaks
 * says again what a reload brings back, spells out buttons and sources, and says nothing while the window is closed.
 * A separate hidden region speaks instead: once for each complete message, with its author, never for history.
 * Each announcement is a node of its own, taken out a little later: the same words twice are said twice, and
 * nobody meets them when reading on. There are two regions, since all outside a modal window is inert: one in the
 * window, one beside it.
 */

import { h } from "./dom";

const KEPT_MS = 8_000;

export interface Announcer {
  readonly node: HTMLElement;
  say(text: string): void;
}

export function createAnnouncer(): Announcer {
  const node = h("div.sr.announcer", { "aria-live": "polite", "aria-relevant": "additions" });
  return {
    node,
    say(text) {
      const line = h("p", text);
      node.append(line);
      setTimeout(() => line.remove(), KEPT_MS);
    },
  };
}
