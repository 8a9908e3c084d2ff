/** What this browser remembers for the agent: comfort only, nothing of any conversation. */

import type { Way } from "./wire";

export interface Preferences {
  readonly sound: boolean;
  readonly title: boolean;
  readonly shortcuts: boolean;
  readonly enterSends: boolean;
  readonly notifications: boolean;
  /** How calls are taken; empty: the installation's first way. */
  readonly way: "" | Way;
  /** Ids of devices as the browser names them; empty: its own choice. */
  readonly microphone: string;
  readonly speaker: string;
  /** The agent has seen how calls are taken here, and tried. */
  readonly callsReady: boolean;
}

const KEY = "guichet-console";
const DEFAULTS: Preferences = {
  sound: true,
  title: true,
  shortcuts: true,
  enterSends: true,
  notifications: false,
  way: "",
  microphone: "",
  speaker: "",
  callsReady: false,
};

export function loadPreferences(): Preferences {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? { ...DEFAULTS, ...onlyKnown(kept) } : DEFAULTS;
  } catch {
    return DEFAULTS;
  }
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Private browsing: they last as long as the page.
  }
}

function onlyKnown(kept: object): Partial<Preferences> {
  const defaults: Readonly<Record<string, unknown>> = { ...DEFAULTS };
  return Object.fromEntries(
    Object.entries(kept).filter(([name, value]) => name in defaults && typeof value === typeof defaults[name]),
  );
}

const HELD_HERE = "guichet-call";

/** The call whose sound is in this tab, kept over a reload; empty: none. */
export function rememberCall(id: string): void {
  try {
    sessionStorage.setItem(HELD_HERE, id);
  } catch {
    // Then a press brings the call back.
  }
}

export function rememberedCall(): string {
  try {
    return sessionStorage.getItem(HELD_HERE) ?? "";
  } catch {
    return "";
  }
}
