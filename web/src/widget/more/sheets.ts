/**
 * What takes the place of the conversation for a moment: a form, a question, the notice. One at a time; the way to a
 * person stays below it.
 */

import { h, show } from "../view/dom";

export interface Sheets {
  /** Shows `content`, whose heading takes the focus; afterwards it returns to `opener`. */
  open(content: HTMLElement, opener: HTMLElement | null, onclose?: () => void): void;
  /** False when none was open. */
  close(): boolean;
}

/** `behind`: what is not there meanwhile. `fallback` takes the focus when the opener has gone. */
export function createSheets(behind: readonly HTMLElement[], fallback: () => void): Sheets {
  const node = h("div.sheet", { role: "group", hidden: true });
  behind[0]?.after(node);
  let returnTo: HTMLElement | null = null;
  let closed = () => {};

  return {
    open(content, opener, onclose = () => {}) {
      returnTo = opener;
      closed = onclose;
      node.replaceChildren(content);
      show(node, true);
      for (const part of behind) {
        show(part, false);
      }
      const heading = content.querySelector<HTMLElement>("h3");
      node.setAttribute("aria-label", heading?.textContent ?? "");
      heading?.focus({ preventScroll: true });
      node.scrollTop = 0;
    },
    close() {
      if (node.hidden) {
        return false;
      }
      show(node, false);
      node.replaceChildren();
      for (const part of behind) {
        show(part, true);
      }
      closed();
      if (returnTo?.getClientRects().length) {
        returnTo.focus({ preventScroll: true });
      } else {
        fallback();
      }
      return true;
    },
  };
}
