/**
 * `<guichet-chat>`: attributes in, a shadow tree with the view in it.
 *
 * The conversation belongs to the page, not to the element: one that is taken out and put in again, moved or built
 * anew by a framework finds its conversation as it was. There is one window in a page; a second one stays empty.
 */

import { browserEnvironment } from "./browser";
import { Engine } from "./engine";
import { ATTRIBUTES, type Attributes, type Options, readOptions, type TextOverrides } from "./options";
import { createView, type View } from "./view";

export const TAG = "guichet-chat";
/** How long a conversation outlives its element, connected: a framework may be moving it. */
const KEPT_MS = 3_000;

/** What the element finds on its page. */
export interface Page {
  /** The address of the script. */
  readonly script: string;
  texts: TextOverrides;
  engine: Engine | null;
  /** A window is there. Called again after each rebuilding. */
  attached(engine: Engine): void;
}

export interface ChatElement extends HTMLElement {
  /** Builds the window anew, with other words. */
  refresh(): void;
}

export function defineElement(page: Page): void {
  let current: Element | null = null;
  let madeFor = "";
  let leaving = 0;

  function engineFor(options: Options): Engine {
    const wanted = JSON.stringify([options.server, options.storage, options.microphone]);
    if (!page.engine || madeFor !== wanted) {
      page.engine?.destroy();
      page.engine = new Engine(options, browserEnvironment(options));
      madeFor = wanted;
    }
    return page.engine;
  }

  class GuichetChat extends HTMLElement implements ChatElement {
    static readonly observedAttributes = ATTRIBUTES;
    #view: View | null = null;
    #unwatch: () => void = () => {};
    #isStale = false;

    connectedCallback(): void {
      if (current && current !== this) {
        complain("one <guichet-chat> is enough for a page: this one stays empty.");
        return;
      }
      current = this;
      clearTimeout(leaving);
      this.#build();
      page.engine?.begin();
    }

    disconnectedCallback(): void {
      if (current === this) {
        current = null;
        this.#clear();
        leaving = setTimeout(() => {
          page.engine?.destroy();
          page.engine = null;
        }, KEPT_MS);
      }
    }

    attributeChangedCallback(): void {
      this.refresh();
    }

    refresh(): void {
      if (this.#view && !this.#isStale) {
        this.#isStale = true;
        queueMicrotask(() => {
          this.#isStale = false;
          if (this.#view) {
            this.#build();
          }
        });
      }
    }

    #build(): void {
      this.#clear();
      const options = optionsOf(this, page.script);
      const engine = engineFor(options);
      const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      const view = createView(root, engine.actions, { ...options.view, texts: page.texts }, engine.files);
      this.#view = view;
      if (this.hasAttribute("locale")) {
        engine.actions.setLocale(options.locale);
      }
      this.#unwatch = engine.watch((model) => view.render(model));
      page.attached(engine);
    }

    #clear(): void {
      this.#unwatch();
      this.#view?.destroy();
      this.#view = null;
    }
  }
  customElements.define(TAG, GuichetChat);
}

export function complain(line: string): void {
  console.warn(`Guichet: ${line}`);
}

function optionsOf(element: Element, script: string): Options {
  const given: Attributes = {};
  for (const name of ATTRIBUTES) {
    const value = element.getAttribute(name);
    if (value !== null) {
      given[name] = value;
    }
  }
  return readOptions(given, { script, page: document.baseURI, language: document.documentElement.lang }, complain);
}
