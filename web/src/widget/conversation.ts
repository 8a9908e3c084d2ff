/**
 * What a visitor sees of a conversation, built from its log: the items, who is typing, how the request for a
 * person stands, what was not read. Pure; the only clock is the `now` it is given.
 *
 * What the visitor sends is shown at once, after everything else, and takes its place when the log has it. It keeps
 * its key then, so that nothing on the screen is made anew.
 */

import type { ClientFrame, HandoverNow, HandoverState, LogMessage } from "../shared/protocol";
import type { BotItem, Delivery, Item, PersonItem, PersonState } from "./model";

/** A word that somebody types holds this long; then the indicator goes by itself. */
export const TYPING_MS = 10_000;

const NOBODY: PersonState = {
  state: "none",
  reason: null,
  position: null,
  waitSeconds: null,
  agent: "",
  slot: null,
  availability: null,
  form: "none",
  formProblem: "",
};

export class Conversation {
  /** Counts conversations: the numbers of the log begin again in each. */
  #epoch = 0;
  #logged: Item[] = [];
  #pending: PersonItem[] = [];
  readonly #frames = new Map<string, ClientFrame>();
  /** Both together, the same array until something changes. */
  #items: readonly Item[] = [];
  #typing: { readonly who: "bot" | "agent"; readonly until: number } | null = null;
  person = NOBODY;
  unread = 0;

  get items(): readonly Item[] {
    const count = this.#logged.length;
    const isSame =
      this.#items.length === count + this.#pending.length &&
      this.#items.every((item, index) => item === (this.#logged[index] ?? this.#pending[index - count]));
    if (!isSame) {
      this.#items = [...this.#logged, ...this.#pending];
    }
    return this.#items;
  }

  get isEmpty(): boolean {
    return this.#logged.length + this.#pending.length === 0;
  }

  typing(now: number): "bot" | "agent" | null {
    return this.#typing && this.#typing.until > now ? this.#typing.who : null;
  }

  /** When the typing indicator goes by itself. */
  get wakeAt(): number | null {
    return this.#typing?.until ?? null;
  }

  types(who: "bot" | "agent" | null, now: number): void {
    this.#typing = who && { who, until: now + TYPING_MS };
  }

  /** Something that the visitor sends; `text` is what he sees of it, empty when nothing. */
  sends(frame: ClientFrame, text: string, at: string): void {
    this.#frames.set(frame.client_id, frame);
    if (text) {
      const item = { kind: "person", key: frame.client_id, at, isHistory: false, text } as const;
      this.#pending = [...this.#pending, { ...item, delivery: "sending", problem: "" }];
    }
    if (frame.type === "callback" || frame.type === "leave_message") {
      this.person = { ...this.person, form: "sending", formProblem: "" };
    } else if (frame.type === "feedback") {
      this.#feedback(frame.seq, frame.helpful ? "helpful" : "not_helpful");
    }
  }

  /** The same again; undefined when there is nothing to repeat. */
  retries(key: string): ClientFrame | undefined {
    this.#deliver(key, "sending", "");
    return this.#frames.get(key);
  }

  delivered({ client_id: key }: ClientFrame): void {
    this.#frames.delete(key);
    this.#deliver(key, "sent", "");
    if (this.person.form === "sending") {
      this.person = { ...this.person, form: "none" };
    }
  }

  /** False when the visitor would not see that it failed. */
  failed(frame: ClientFrame, text: string): boolean {
    if (frame.type === "callback" || frame.type === "leave_message") {
      this.person = { ...this.person, form: "failed", formProblem: text };
      return true;
    }
    if (frame.type === "feedback") {
      this.#feedback(frame.seq, "none");
      return false;
    }
    return this.#deliver(frame.client_id, "failed", text);
  }

  /** A message of the log. `isRead`: the window is open. */
  show(message: LogMessage, isHistory: boolean, isRead: boolean): void {
    const shown = { at: message.at, isHistory };
    const key = `${this.#epoch}-${message.seq}`;
    switch (message.type) {
      case "person": {
        const id = message.client_id ?? key;
        this.#pending = this.#pending.filter((item) => item.key !== id);
        this.#add({ ...shown, kind: "person", key: id, text: message.text, delivery: "sent", problem: "" });
        return;
      }
      case "reply": {
        const { seq, text, answers = [], choices = [] } = message;
        const said = message.feedback ? (message.feedback.helpful ? "helpful" : "not_helpful") : "none";
        const feedback = answers.length > 0 ? said : null;
        this.#add({ ...shown, kind: "bot", key, seq, text, answers, choices, feedback });
        this.#typing = null;
        break;
      }
      case "agent":
        this.#add({ ...shown, kind: "agent", key, name: message.name, text: message.text });
        this.#typing = null;
        break;
      case "handover": {
        const { state, reason = null, agent = "", slot = null } = message;
        this.#add({ ...shown, kind: "handover", key, state, reason, agent, slot });
        // What the server said on connecting (the place in the queue) is newer than the log that it then repeats.
        const before = this.person.state === state && isHistory ? this.person : NOBODY;
        this.person = { ...before, availability: this.person.availability, state, reason, agent, slot };
        this.#typing = null;
        break;
      }
    }
    if (!isRead && !isHistory) {
      this.unread += 1;
    }
  }

  /** How the request for a person stands, as the server says on connecting. */
  stands(now: HandoverNow | null): void {
    if (now) {
      const { state, position, wait_seconds: waitSeconds, agent } = now;
      this.person = { ...this.person, state, position, waitSeconds, agent: agent ?? "" };
    } else if (isWaiting(this.person.state)) {
      this.person = { ...NOBODY, availability: this.person.availability };
    }
  }

  waits(position: number | null, waitSeconds: number | null): void {
    this.person = { ...this.person, position, waitSeconds };
  }

  /** The server's log begins anew; what is on its way stays. */
  again(): void {
    this.#epoch += 1;
    this.#logged = [];
    this.person = { ...NOBODY, availability: this.person.availability };
  }

  /** The conversation is over; what was said stays on the screen. */
  end(): void {
    this.#epoch += 1;
    this.#typing = null;
    this.person = { ...NOBODY, availability: this.person.availability };
    this.#logged = this.#logged.map((item) => (item.kind === "bot" ? { ...item, feedback: null, choices: [] } : item));
  }

  clear(): void {
    this.end();
    this.#logged = [];
    this.#pending = [];
    this.#frames.clear();
    this.unread = 0;
  }

  #add(item: Item): void {
    this.#logged = [...this.#logged, item];
  }

  #deliver(key: string, delivery: Delivery, problem: string): boolean {
    let isShown = false;
    const change = <T extends Item>(item: T): T => {
      if (item.kind !== "person" || item.key !== key) {
        return item;
      }
      isShown = true;
      return { ...item, delivery, problem };
    };
    this.#pending = this.#pending.map(change);
    this.#logged = this.#logged.map(change);
    return isShown;
  }

  #feedback(seq: number, feedback: BotItem["feedback"]): void {
    const key = `${this.#epoch}-${seq}`;
    this.#logged = this.#logged.map((item) =>
      item.kind === "bot" && item.key === key && item.feedback !== null ? { ...item, feedback } : item,
    );
  }
}

/** Whether a person is asked for, or there. */
export function isWaiting(state: HandoverState | "none"): boolean {
  return state === "requested" || state === "queued" || state === "active";
}
