/** `window.WebChat` as rasa-webchat has it: 1.x `WebChat.default(options, element)`, 0.x `WebChat.default.init(options)`. */

import type { Api } from "./api";
import { complain } from "./element";
import { fromRasa } from "./rasa-webchat";

type Options = Readonly<Record<string, unknown>>;
type Callbacks = Readonly<Record<string, unknown>>;

/** `theElement`: the window on the page, put there if it is not. */
export function rasaInterface(api: Api, theElement: () => HTMLElement) {
  function init(options: Options = {}, where?: unknown): void {
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", () => init(options, where));
      return;
    }
    const { attributes, remark } = fromRasa(options);
    const element = theElement();
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value);
    }
    const target = targetOf(where ?? options["selector"]);
    if (attributes.inline !== undefined && target) {
      target.append(element);
    }
    const { onChatOpen, onChatVisible, onChatClose, onChatHidden } = (options["onWidgetEvent"] ?? {}) as Callbacks;
    listen("open", onChatOpen, onChatVisible);
    listen("close", onChatClose, onChatHidden);
    const { bot_uttered: said } = (options["onSocketEvent"] ?? {}) as Callbacks;
    if (typeof said === "function") {
      api.on("message", ({ author }: { author: string }) => author !== "visitor" && said({}));
    }
    remark && complain(remark);
  }

  function listen(type: string, ...callbacks: unknown[]): void {
    for (const callback of callbacks) {
      typeof callback === "function" && api.on(type, () => callback());
    }
  }

  return {
    default: Object.assign(init, { init }),
    open: api.open,
    close: api.close,
    toggle: api.toggle,
    show: () => theElement().removeAttribute("hidden"),
    hide: () => theElement().setAttribute("hidden", ""),
    isOpen: () => api.isOpen,
    isVisible: () => !theElement().hidden,
    /** `text` is what the visitor would see; a payload such as "/greet" is for Rasa alone. */
    send(payload: unknown, text?: unknown): void {
      const said = [text, payload].find((one) => typeof one === "string" && one && !one.startsWith("/"));
      said ? api.send(said) : complain("WebChat.send: an intent cannot be sent, only a text.");
    },
  };
}

function targetOf(where: unknown): Element | null {
  if (where instanceof Element) {
    return where;
  }
  try {
    return typeof where === "string" ? document.querySelector(where) : null;
  } catch {
    return null;
  }
}
