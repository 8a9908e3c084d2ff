/**
 * `window.Guichet`: what a host page's own scripts can ask of the window, before and after it is there.
 *
 *     window.Guichet = window.Guichet || [];
 *     Guichet.push(["open"]);
 *
 * Whatever is pushed must not break the host page: what means nothing gets a line on the console.
 */

import type { ChatElement, Page } from "./element";
import { complain, TAG } from "./element";
import type { Engine, Happenings } from "./engine";
import type { Locale, TextOverrides } from "./options";

interface Events extends Happenings {
  ready: undefined;
}
type Listener = (detail: unknown) => void;

const EVENTS: ReadonlySet<string> = new Set<keyof Events>([
  "ready",
  "open",
  "close",
  "message",
  "handover",
  "unread",
  "error",
]);

export type Api = ReturnType<typeof createApi>;

export function createApi(version: string, page: Page) {
  const listeners = new Map<string, Set<Listener>>();
  let waiting: ((engine: Engine) => void)[] = [];
  let heard: Engine | null = null;

  /** Now, or as soon as the window is there. */
  const withEngine = (work: (engine: Engine) => void) => {
    page.engine ? work(page.engine) : waiting.push(work);
  };
  const emit = (type: string, detail?: unknown) => {
    for (const listener of [...(listeners.get(type) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        console.error(error); // the page's own mistake, and none of the window's
      }
    }
    page.engine && document.querySelector(TAG)?.dispatchEvent(new CustomEvent(`guichet:${type}`, { detail }));
  };

  const commands = {
    open: () => withEngine(({ actions }) => actions.open()),
    close: () => withEngine(({ actions }) => actions.close()),
    toggle: () => withEngine(({ actions, model }) => (model.isOpen ? actions.close() : actions.open())),
    /** Opens the window and sends a message for the visitor: he has pressed something that says so. */
    send: (text: unknown) => {
      if (typeof text !== "string" || !text.trim()) {
        complain("send: a text is needed.");
        return;
      }
      withEngine(({ actions }) => {
        actions.open();
        actions.send(text);
      });
    },
    /** Erases the conversation, here and on the server, and closes the window. */
    reset: () =>
      withEngine((engine) => {
        engine.actions.close();
        void engine.reset();
      }),
    setLocale: (locale: unknown) =>
      locale === "fr" || locale === "en"
        ? withEngine(({ actions }) => actions.setLocale(locale))
        : complain(`setLocale: fr or en, not ${String(locale)}.`),
    /** Other words for the window: `{fr: {launcher: "…"}, en: {…}}`. */
    texts: (overrides: unknown) => {
      if (overrides && typeof overrides === "object") {
        const { fr, en } = overrides as TextOverrides;
        page.texts = { fr: { ...page.texts.fr, ...fr }, en: { ...page.texts.en, ...en } };
        document.querySelector<ChatElement>(TAG)?.refresh?.();
      }
    },
    on: (type: unknown, listener: unknown) => {
      if (typeof type !== "string" || !EVENTS.has(type) || typeof listener !== "function") {
        complain(`on: no event ${String(type)}, or nothing to call.`);
      } else if (type === "ready" && page.engine) {
        (listener as Listener)(undefined);
      } else {
        listeners.set(type, (listeners.get(type) ?? new Set()).add(listener as Listener));
      }
    },
    off: (type: unknown, listener: unknown) => {
      listeners.get(String(type))?.delete(listener as Listener);
    },
  };

  page.attached = (engine) => {
    if (heard !== engine) {
      heard = engine;
      engine.listen(({ type, detail }) => emit(type, detail));
      const work = waiting;
      waiting = [];
      work.forEach((one) => {
        one(engine);
      });
      emit("ready");
    }
  };

  return {
    version,
    ...commands,
    get isOpen(): boolean {
      return page.engine?.model.isOpen ?? false;
    },
    get locale(): Locale | null {
      return page.engine?.model.locale ?? null;
    },
    /** Commands as lists, `["send", "Bonjour"]`; a function is called with this object. */
    push(...given: unknown[]): void {
      for (const one of given) {
        const [name, ...values] = Array.isArray(one) ? (one as unknown[]) : [one];
        if (typeof one === "function") {
          withEngine(() => (one as (api: unknown) => void)(this));
        } else if (typeof name === "string" && Object.hasOwn(commands, name)) {
          (commands as Record<string, (...values: unknown[]) => void>)[name]?.(...values);
        } else {
          complain(`no command ${String(name)}.`);
        }
      }
    },
  };
}
