/**
 * The button that opens the window: a real one, with words, in the same place on every page and at every hour.
 *
 * Its few words are there in every language before that language has been fetched.
 */

import type { Model } from "../model";
import type { ViewOptions } from "../options";
import { WORDS } from "../texts/first";
import { attribute, button, h, hidden, icon, show, words } from "./dom";
import { TALK } from "./icons";

export interface Launcher {
  readonly node: HTMLElement;
  /** `state`: "failed" when the language could not be fetched, "waiting" until it has been. */
  render(model: Model, state: "ready" | "waiting" | "failed"): void;
}

export function unreadText({ locale, unread }: Model): string {
  const { one, other } = WORDS[locale];
  return `${unread} ${unread === 1 ? one : other}`;
}

export function createLauncher(options: ViewOptions, open: () => void): Launcher {
  const badge = h("span.unread", { "aria-hidden": "true" });
  const inWords = hidden("");
  const label = h("span");
  const node = button("launcher", icon(TALK), open, { "aria-haspopup": options.inline ? null : "dialog" });
  node.append(label, inWords, badge);
  return {
    node,
    render(model, state) {
      const { locale, unread, isOpen } = model;
      const own = options.launcher || options.texts[locale]?.["launcher"] || WORDS[locale].launcher;
      words(label, state === "failed" ? WORDS[locale].failed : own);
      attribute(node, "aria-busy", isOpen && state === "waiting" ? "true" : null);
      show(node, !(isOpen && state === "ready") && options.launcher !== null);
      show(badge, unread > 0);
      words(badge, String(unread));
      words(inWords, unread > 0 ? ` (${unreadText(model)})` : "");
    },
  };
}
