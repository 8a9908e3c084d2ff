/**
 * What travels between a visitor's window and the gateway (docs/api.md).
 *
 * Everything the visitor must not lose or see twice is a numbered message: `seq` counts 1, 2, 3 … within a
 * conversation, and a window that comes back names the last one it has. Everything a window sends carries a
 * `client_id` of its own making, under which the server handles it once, however often it arrives.
 */

export interface Answer {
  readonly id: string;
  readonly title: string;
  /** Markdown of a small kind: paragraphs, lists, bold, links. */
  readonly text: string;
  readonly source: string;
  readonly source_url: string;
  /** ISO date; the day on which a person last verified the answer. */
  readonly verified_on: string;
}

export interface Choice {
  readonly intent: string;
  readonly text: string;
}

export type HandoverState =
  | "requested" // asked for, not yet in the queue
  | "queued" // waiting; position and wait may be known
  | "active" // a person has joined
  | "ended" // the person has finished; the bot answers again
  | "cancelled" // by the visitor
  | "refused" // closed, or nobody is there: `reason` says which
  | "callback" // a call back is promised: `slot`
  | "message_left"; // a written message has reached the desk

export type RefusalReason = "closed" | "nobody" | "full";

interface Numbered {
  readonly seq: number;
  /** ISO time, UTC. */
  readonly at: string;
}

export interface PersonMessage extends Numbered {
  readonly type: "person";
  readonly text: string;
  readonly client_id?: string;
}

export interface ReplyMessage extends Numbered {
  readonly type: "reply";
  readonly outcome: "answered" | "clarify" | "abstained" | "handover";
  readonly text: string;
  readonly answers: readonly Answer[];
  readonly choices: readonly Choice[];
  /** What the visitor has said of it, if anything. */
  readonly feedback?: { readonly helpful: boolean } | null;
}

export interface AgentMessage extends Numbered {
  readonly type: "agent";
  /** The name shown to visitors. */
  readonly name: string;
  readonly text: string;
}

export interface HandoverMessage extends Numbered {
  readonly type: "handover";
  readonly state: HandoverState;
  readonly reason?: RefusalReason;
  readonly agent?: string;
  readonly slot?: Slot | null;
  /** The same in French, for whoever shows no words of its own. */
  readonly text: string;
}

/** A time at which the visitor can be called back; ISO times with offset. */
export interface Slot {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/** When a person can be reached, now and later. */
export interface Availability {
  readonly open: boolean;
  /** Whether an agent is there now; a request may still wait when none is free. */
  readonly staffed: boolean;
  /** The hours in words of the page's language, one line a group of days; empty when unknown. */
  readonly hours: readonly string[];
  readonly next_opening: string | null;
  /** Empty when no callbacks are offered. */
  readonly slots: readonly Slot[];
  readonly messages: boolean;
}

export type LogMessage = PersonMessage | ReplyMessage | AgentMessage | HandoverMessage;

export type ServerFrame =
  | LogMessage
  | {
      readonly type: "welcome";
      /** The number of the last message of the log. */
      readonly seq: number;
      readonly handover: HandoverNow | null;
    }
  | { readonly type: "typing"; readonly on: boolean; readonly who: "bot" | "agent" }
  | { readonly type: "queue"; readonly position: number | null; readonly wait_seconds: number | null }
  | { readonly type: "received"; readonly client_id: string; readonly seq: number }
  | { readonly type: "erased" }
  | { readonly type: "error"; readonly code: string; readonly text: string; readonly client_id?: string };

/** How the request for a person stands when a window connects. */
export interface HandoverNow {
  readonly state: HandoverState;
  readonly position: number | null;
  readonly wait_seconds: number | null;
  readonly agent: string | null;
}

export type FeedbackReason = "wrong" | "not_my_question" | "unclear" | "incomplete";

export type ClientBody =
  | { readonly type: "message"; readonly text: string }
  | { readonly type: "choice"; readonly intent: string; readonly label: string }
  | { readonly type: "handover" }
  | { readonly type: "cancel_handover" }
  | { readonly type: "feedback"; readonly seq: number; readonly helpful: boolean; readonly reason?: FeedbackReason }
  | { readonly type: "callback"; readonly name: string; readonly number: string; readonly slot: string }
  | { readonly type: "leave_message"; readonly name: string; readonly contact: string; readonly text: string };

export type ClientFrame = ClientBody & { readonly client_id: string };

/** Shown to the agent, kept nowhere, not answered. */
export interface TypingFrame {
  readonly type: "typing";
  readonly on: boolean;
}

/** `GET /api/service`: what a window shows before anyone speaks; creates nothing. */
export interface ServiceInfo {
  readonly service: string;
  readonly greeting: string;
  readonly suggestions: readonly string[];
  readonly max_message_chars: number;
  /** Days after which an ended conversation is erased. */
  readonly keep_days?: number;
  readonly person: Availability;
  /** Whether the operator lets visitors speak, and hear answers read aloud. */
  readonly voice: { readonly listen: boolean; readonly speak: boolean };
}
