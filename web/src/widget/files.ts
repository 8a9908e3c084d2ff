/**
 * What is fetched at first use: from the server, at addresses with a hash, which the build puts in (`__FILES__`).
 *
 * Nothing of it is asked for before the first activation. A file that could not be fetched is asked for again at
 * the next use, under another address: browsers remember a module's failure.
 */

import type { Sentences } from "./texts/fr";

/** Where each is, from the server's address on. */
declare const __FILES__: Readonly<Record<keyof Files, string>>;

export interface Files {
  /** The window and its words in French. */
  window(): Promise<typeof import("./view/window-file")>;
  /** Forms, the menu and what is behind it, reasons of a feedback, buttons to speak and to listen. */
  more(): Promise<typeof import("./more/more")>;
  en(): Promise<{ readonly en: Sentences }>;
  voice(): Promise<typeof import("./voice/voice")>;
}

export function filesOf(server: string): Files {
  const fetched: Partial<Record<keyof Files, Promise<never>>> = {};
  let failures = 0;
  const fetchOnce = (name: keyof Files) => () => {
    fetched[name] ??= (import(`${server}${__FILES__[name]}${failures ? `?${failures}` : ""}`) as Promise<never>).catch(
      (error: unknown) => {
        failures += 1;
        delete fetched[name];
        throw error;
      },
    );
    return fetched[name];
  };
  return { window: fetchOnce("window"), more: fetchOnce("more"), en: fetchOnce("en"), voice: fetchOnce("voice") };
}
