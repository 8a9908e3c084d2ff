/** What every view of the console finds: the desk, its state, the agent's preferences, and the time. */

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Phone } from "./calls";
import type { Desk } from "./desk";
import type { Preferences } from "./preferences";
import type { State } from "./state";
import type { Telephone } from "./telephone";
import type { Handover } from "./wire";

export interface Console {
  readonly desk: Desk;
  readonly state: State;
  readonly telephone: Telephone;
  readonly phone: Phone;
  readonly preferences: Preferences;
  prefer(change: Partial<Preferences>): void;
  /** Takes a request, of a call in the way the agent has chosen, and shows it. */
  take(handover: Handover): Promise<void>;
}

export const ConsoleContext = createContext<Console | null>(null);

export function useConsole(): Console {
  const found = useContext(ConsoleContext);
  if (!found) {
    throw new Error("No console around this view.");
  }
  return found;
}

const watchers = new Set<() => void>();
let ticking: number | undefined;

/** The server's time, which moves on every second: one timer for all that show it. */
export function useNow(): number {
  const { state } = useConsole();
  const [, tick] = useState(0);
  useEffect(() => {
    const watcher = () => tick((count) => count + 1);
    watchers.add(watcher);
    ticking ??= setInterval(() => {
      for (const one of watchers) {
        one();
      }
    }, 1000);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) {
        clearInterval(ticking);
        ticking = undefined;
      }
    };
  }, []);
  return Date.now() + state.clockAhead;
}

/** The address's fragment is what is on the screen, so that the browser's back button works: `#/queue/<conversation>`. */
export function address(tab: string, conversation: string | null = null): string {
  return conversation === null ? `#/${tab}` : `#/${tab}/${encodeURIComponent(conversation)}`;
}
