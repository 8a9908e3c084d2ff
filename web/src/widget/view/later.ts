/** more.js, for one window: fetched when it is needed or when there is time, and asked for again when it was missed. */

import type { Files } from "../files";
import type { Actions } from "../model";
import type { More, Parts } from "../more/more";

type Use = (more: More) => void;

export interface Later {
  /** null until it is there. */
  readonly more: More | null;
  /** Does what needs it, as soon as it is there; where it cannot be fetched, when the visitor tries again. */
  need(use: Use): void;
  /** The visitor tries again. */
  again(): void;
  /** Before anybody needs it, when the browser has nothing else to do. */
  fetchEarly(): void;
  /** Nobody waits for it any more. */
  forget(): void;
}

/** `parts`: what it is made of once it has come; `made` is called then. */
export function createLater(files: Files, actions: Actions, parts: () => Parts, made: () => void): Later {
  let more: More | null = null;
  let wanted: Use | null = null;

  function arrived({ createMore }: Awaited<ReturnType<Files["more"]>>): void {
    if (!more) {
      more = createMore(parts());
      made();
    }
    const use = wanted;
    wanted = null;
    use?.(more);
  }

  function need(use: Use): void {
    if (more) {
      use(more);
      return;
    }
    wanted = use; // the last press counts
    files.more().then(arrived, actions.missed);
  }

  return {
    get more() {
      return more;
    },
    need,
    again() {
      actions.dismissProblem();
      need(wanted ?? (() => {}));
    },
    fetchEarly() {
      const fetch = () => void files.more().then(arrived, () => {});
      "requestIdleCallback" in window ? requestIdleCallback(fetch) : setTimeout(fetch, 1_000);
    },
    forget() {
      wanted = null;
    },
  };
}
