/**
 * What is on the page at first: the launcher, and the place of the window, which is fetched at the first activation and
 * built as soon as its language is there.
 *
 * The window is built once for a language; a change of language builds it anew, with the draft and the place.
 */

import type { Files } from "../files";
import type { Actions, Model } from "../model";
import type { ViewOptions } from "../options";
import css from "../widget.css";
import { type Announcer, createAnnouncer } from "./announcer";
import { attribute, dress, h } from "./dom";
import { createLauncher } from "./launcher";
import type { ChatWindow } from "./window";

type WindowFile = Awaited<ReturnType<Files["window"]>>;

export interface View {
  render(model: Model): void;
  destroy(): void;
}

/** What the window has of its surroundings. */
export interface Surroundings {
  readonly place: HTMLElement;
  readonly launcher: HTMLElement;
  /** Speaks beside the window, which is not there or closed. */
  readonly outside: Announcer;
  /** Whether the visitor has just pressed the launcher; asked once. */
  takePressed(): boolean;
}

export function createShell(root: ShadowRoot, actions: Actions, options: ViewOptions, files: Files): View {
  const place = h("div.guichet", {
    "data-theme": options.theme,
    "data-position": options.position,
    "data-inline": options.inline,
  });
  let isPressed = false;
  let isLoading = false;
  let hasFailed = false;
  let file: WindowFile | null = null;
  let chat: ChatWindow | null = null;
  let latest: Model | null = null; // null: not on the page
  const launcher = createLauncher(options, () => {
    isPressed = true;
    actions.open();
  });
  const outside = createAnnouncer();
  const surroundings: Surroundings = {
    place,
    outside,
    launcher: launcher.node,
    takePressed() {
      const was = isPressed;
      isPressed = false;
      return was;
    },
  };
  dress(root, css);
  root.append(place);
  place.append(launcher.node, outside.node);

  function isReady(locale: Model["locale"]): boolean {
    return file?.hasTexts(locale) ?? false;
  }

  function show(model: Model): void {
    latest = model;
    const { locale } = model;
    attribute(place, "lang", chat && !isReady(locale) ? chat.locale : locale);
    // Before the window: the focus returns to the launcher, which must be there by then.
    launcher.render(model, chat || isReady(locale) ? "ready" : hasFailed ? "failed" : "waiting");
    if (!chat && !model.isOpen) {
      return;
    }
    if (!file?.hasTexts(locale)) {
      fetchFor(locale);
    } else if (chat?.locale !== locale) {
      const hadFocus = chat !== null && root.activeElement !== null;
      const draft = chat?.draft ?? "";
      chat?.destroy();
      chat = file.createWindow(surroundings, actions, options, files, locale, draft);
      chat.render(model);
      if (hadFocus) {
        chat.focusMenu();
      }
      return;
    }
    chat?.render(model);
  }

  /** Where it cannot be fetched: asked for again at the next press. */
  function fetchFor(locale: Model["locale"]): void {
    if (isLoading) {
      return;
    }
    isLoading = true;
    hasFailed = false;
    Promise.all([files.window(), locale === "en" ? files.en() : null]).then(
      ([fetched, words]) => {
        isLoading = false;
        file = fetched;
        dress(root, fetched.css);
        words && fetched.addTexts("en", words.en);
        latest && show(latest);
      },
      () => {
        isLoading = false;
        hasFailed = true;
        if (chat) {
          actions.setLocale(chat.locale);
          actions.missed();
        } else {
          actions.close();
          outside.say(launcher.node.textContent ?? "");
        }
      },
    );
  }

  return {
    render: show,
    destroy() {
      latest = null;
      chat?.destroy();
      place.remove();
    },
  };
}
