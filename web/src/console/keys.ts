/**
 * Shortcuts: one letter, outside fields only, and all of them can be switched off (RGAA 12.10). Pure.
 *
 * Alt and a digit insert a suggestion from inside the reply too, Alt and L take the call that rings: nothing else is taken from who types, and no
 * combination that a browser or a screen reader uses.
 */

export type Command =
  | "overview"
  | "next"
  | "previous"
  | "take"
  | "takeFirst"
  | "reply"
  | "note"
  | "finish"
  | "giveBack"
  | "transfer"
  | "search"
  | "presence"
  | "botView"
  | "help"
  | "notes"
  | "queue"
  | "callbacks"
  | "messages"
  | "history"
  | "call"
  | "mute"
  | "hold"
  | { readonly insert: number };

export interface Pressed {
  readonly key: string;
  readonly code: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

const LETTERS: Readonly<Record<string, Command>> = {
  "?": "overview",
  j: "next",
  k: "previous",
  p: "take",
  s: "takeFirst",
  r: "reply",
  n: "note",
  t: "transfer",
  b: "giveBack",
  x: "finish",
  d: "presence",
  a: "help",
  v: "botView",
  h: "history",
  f: "queue",
  c: "callbacks",
  m: "messages",
  l: "call",
  i: "mute",
  g: "hold",
  "/": "search",
};

/** What the key asks for, or null. `inField`: the focus is where text goes; `on`: whether shortcuts are on. */
export function commandOf(pressed: Pressed, inField: boolean, on: boolean): Command | null {
  if (!on || pressed.ctrlKey || pressed.metaKey) {
    return null;
  }
  const digit = /^(?:Digit|Numpad)([1-3])$/u.exec(pressed.code)?.[1];
  if (digit && (pressed.altKey || !inField) && !(pressed.shiftKey && pressed.altKey)) {
    return pressed.altKey || pressed.key === digit || pressed.code.startsWith("Digit")
      ? { insert: Number(digit) - 1 }
      : null;
  }
  if (pressed.altKey && pressed.code === "KeyL" && !pressed.shiftKey) {
    return "call";
  }
  if (pressed.altKey || inField) {
    return null;
  }
  return LETTERS[pressed.key] ?? LETTERS[pressed.key.toLowerCase()] ?? null;
}

/** For the overview: what is shown as the key, and the text's name. */
export const SHORTCUTS: readonly (readonly [keys: readonly string[], what: ShortcutText])[] = [
  [["J"], "next"],
  [["K"], "previous"],
  [["S"], "takeFirst"],
  [["P"], "take"],
  [["L"], "call"],
  [["Alt + L"], "callInField"],
  [["R"], "reply"],
  [["1", "2", "3"], "insert"],
  [["Alt + 1", "2", "3"], "insertInField"],
  [["B"], "giveBack"],
  [["T"], "transfer"],
  [["X"], "finish"],
  [["I"], "mute"],
  [["G"], "hold"],
  [["A"], "help"],
  [["V"], "botView"],
  [["N"], "note"],
  [["F"], "queue"],
  [["C"], "callbacks"],
  [["M"], "messages"],
  [["H"], "history"],
  [["/"], "search"],
  [["D"], "presence"],
  [["?"], "overview"],
];

export type ShortcutText =
  | Exclude<Command, { readonly insert: number } | "notes">
  | "insert"
  | "insertInField"
  | "callInField";
