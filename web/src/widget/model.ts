/**
 * What the window shows and what it can ask for: the seam between the engine (no DOM) and the view (nothing else).
 *
 * The engine owns one `Model`, replaced as a whole at each change; the view renders it and calls `Actions`. The view
 * keeps only what belongs to the screen: where the focus is, what is scrolled, which panel is unfolded.
 */

import type {
  Answer,
  Availability,
  Choice,
  FeedbackReason,
  HandoverState,
  RefusalReason,
  ServiceInfo,
  Slot,
} from "../shared/protocol";

export type Delivery = "sending" | "sent" | "failed";

interface Shown {
  /** Stable for the life of the item: the view's key. */
  readonly key: string;
  /** ISO time. */
  readonly at: string;
  /** Brought back after a reload or into a new tab: shown, and not announced as news. */
  readonly isHistory: boolean;
}

export interface PersonItem extends Shown {
  readonly kind: "person";
  readonly text: string;
  readonly delivery: Delivery;
  /** Why it failed, in the page's language. */
  readonly problem: string;
}

export interface BotItem extends Shown {
  readonly kind: "bot";
  readonly seq: number;
  readonly text: string;
  readonly answers: readonly Answer[];
  readonly choices: readonly Choice[];
  /** null: not asked about (no answer in it); otherwise what the visitor has said. */
  readonly feedback: "none" | "helpful" | "not_helpful" | null;
}

export interface AgentItem extends Shown {
  readonly kind: "agent";
  readonly name: string;
  readonly text: string;
}

/** A change of who is there, in the transcript; the view has the words. */
export interface HandoverItem extends Shown {
  readonly kind: "handover";
  readonly state: HandoverState;
  readonly reason: RefusalReason | null;
  readonly agent: string;
  readonly slot: Slot | null;
}

export type Item = PersonItem | BotItem | AgentItem | HandoverItem;

export type Link =
  | "none" // nothing was opened: before the first activation
  | "connecting"
  | "live"
  | "polling" // WebSockets are blocked; works, a little slower
  | "waiting"; // cut; tries again by itself

/** How a request for a person stands; `state: "none"` when there is none. */
export interface PersonState {
  readonly state: HandoverState | "none";
  readonly reason: RefusalReason | null;
  readonly position: number | null;
  readonly waitSeconds: number | null;
  readonly agent: string;
  readonly slot: Slot | null;
  /** Hours and slots, for when nobody is there; null until known. */
  readonly availability: Availability | null;
  /** The form that was sent last (call back, written message); "none" again once the state has changed. */
  readonly form: "none" | "sending" | "failed";
  /** Why the form failed, in the page's language; may be empty. */
  readonly formProblem: string;
}

export type Problem =
  | "service_down"
  | "connection_lost"
  | "conversation_gone"
  | "origin_refused"
  | "not_erased"
  | "not_fetched" // a file that is fetched at first use; the visitor can try again
  | "microphone_refused"
  | "microphone_failed"
  | "not_heard"
  | "voice_unavailable"; // the recogniser is busy or absent, or an answer cannot be read aloud; writing still works

export type Listening = "off" | "asking" | "listening" | "transcribing";

export interface Model {
  readonly isOpen: boolean;
  readonly locale: "fr" | "en";
  /** null until the first activation has brought it. */
  readonly service: ServiceInfo | null;
  readonly link: Link;
  readonly items: readonly Item[];
  readonly typing: "bot" | "agent" | null;
  readonly person: PersonState;
  readonly problem: Problem | null;
  /** Messages that came while closed. */
  readonly unread: number;
  readonly voice: {
    readonly canListen: boolean;
    readonly canSpeak: boolean;
    readonly listening: Listening;
    /** 0 to 1, the loudness at the microphone. */
    readonly level: number;
    /** What was heard last, to be put into the field for the visitor to read and send; "" again at the next start. */
    readonly heard: string;
    /** The `seq` of the answer that is being read aloud. */
    readonly speaking: number | null;
  };
}

export interface Actions {
  open(): void;
  close(): void;
  /** Sends now; the view has shown `sensitive(text)` before. */
  send(text: string): void;
  choose(choice: Choice): void;
  /** Tries a failed message again. */
  retry(key: string): void;
  /** Does not wait for the next automatic attempt to connect. */
  reconnect(): void;
  askPerson(): void;
  cancelPerson(): void;
  leaveCallback(name: string, number: string, slotId: string): void;
  leaveMessage(name: string, contact: string, text: string): void;
  giveFeedback(seq: number, helpful: boolean, reason?: FeedbackReason): void;
  /** Saves the conversation as a text file, made in this window. */
  download(): void;
  /** Erased on the server; resolves to false when that could not be confirmed. */
  erase(): Promise<boolean>;
  setLocale(locale: "fr" | "en"): void;
  /** A file could not be fetched: the visitor is told. */
  missed(): void;
  dismissProblem(): void;
  startListening(): void;
  stopListening(): void;
  /** Reads an answer aloud; again: stops. */
  readAloud(seq: number): void;
}

/** What in a text should not be sent by chance; the offsets are of UTF-16 units, as `String.slice` takes them. */
export interface Sensitive {
  readonly kind: "social_security" | "iban" | "phone" | "card" | "email";
  readonly start: number;
  readonly end: number;
}
