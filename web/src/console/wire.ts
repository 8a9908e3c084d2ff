/** What the desk's API says (docs/desk.md) and the accounts' (docs/accounts.md), as far as the console reads it. */

import type { Answer, Choice, LogMessage } from "../shared/protocol";

export type { LogMessage } from "../shared/protocol";

export type Channel = "web" | "phone";

export type HandoverState =
  | "requested"
  | "queued"
  | "offered"
  | "active"
  | "wrap_up"
  | "closed"
  | "refused"
  | "cancelled"
  | "left"
  | "callback"
  | "message_left";

export type Verdict = "right" | "wrong_answer" | "wrong_intent" | "missing_answer";

export interface Person {
  readonly id: string;
  readonly name: string;
}

/** How an agent takes a call: with a headset in the console, on a telephone that is rung, or passed on to it. */
export type Way = "browser" | "phone" | "transfer";

/** A live call between its caller and an agent; null when no agent has it, or another gateway holds it. */
export interface Line {
  readonly way: Way;
  /** `calling`: my end is there, and the telephone of the person whom I call back rings. */
  readonly state: "connecting" | "ringing" | "calling" | "joined" | "held" | "lost";
  readonly since: string;
}

export interface Handover {
  readonly id: string;
  readonly conversation_id: string;
  readonly channel: Channel;
  readonly state: HandoverState;
  readonly version: number;
  readonly reason: string;
  readonly refusal: string | null;
  readonly ending: string | null;
  readonly requested_at: string;
  readonly waiting_since: string;
  readonly taken_at: string | null;
  readonly deadline: string | null;
  readonly priority: number;
  readonly front: boolean;
  readonly team: string;
  readonly skills: readonly string[];
  readonly position: number | null;
  readonly wait_seconds: number | null;
  readonly agent: Person | null;
  readonly declined: readonly string[];
  readonly last_words: string;
  readonly subject: { readonly intent: string; readonly title: string; readonly confidence: number } | null;
  readonly heard_confidence: number | null;
  readonly summary: string;
  readonly phase: string | null;
  readonly callback_number: string | null;
  /** A call whose caller is there: waits on the line, or is with an agent. */
  readonly on_line: boolean;
  readonly line: Line | null;
}

export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly teams: readonly string[];
  readonly skills: readonly string[];
  readonly status: "available" | "away";
  readonly capacity: number;
  readonly load: number;
  readonly takes_calls: boolean;
  /** In `me` only: where I am rung. */
  readonly phone?: string;
  readonly viewing: string | null;
}

export interface Slot {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

export interface Callback {
  readonly id: string;
  readonly conversation_id: string;
  readonly handover_id: string | null;
  readonly version: number;
  readonly state: "promised" | "dialling" | "kept" | "missed" | "cancelled";
  readonly name: string;
  readonly number: string;
  readonly slot: { readonly from: string; readonly to: string } | null;
  readonly promised_at: string;
  readonly due_at: string;
  readonly overdue: boolean;
  readonly attempts: number;
  readonly dialled_at: string | null;
  readonly ended_at: string | null;
  readonly on_time: boolean | null;
  readonly agent: Person | null;
  readonly note: string;
  /** The request of the last call that an agent made for it: `Handover.id`. */
  readonly call_id?: string | null;
  readonly reason: string;
  readonly summary: string;
}

export interface WrittenMessage {
  readonly id: string;
  readonly conversation_id: string;
  readonly version: number;
  readonly state: "new" | "done";
  readonly name: string;
  readonly contact: string;
  readonly text: string;
  readonly received_at: string;
  readonly done_at: string | null;
  readonly agent: Person | null;
  readonly note: string;
}

export interface Service {
  readonly open: boolean;
  readonly next_opening: string | null;
  readonly hours: readonly string[];
  readonly staffed: boolean;
  readonly mode: "manual" | "automatic";
  readonly waiting: number;
  readonly longest_wait_seconds: number | null;
  readonly teams: readonly string[];
  readonly can_dial: boolean;
  /** Where the service is: "Europe/Paris". */
  readonly time_zone: string;
  readonly calls: { readonly enabled: boolean; readonly ways: readonly Way[] };
}

export interface Overview {
  readonly version: number;
  readonly now: string;
  readonly me: Agent;
  readonly service: Service;
  readonly handovers: readonly Handover[];
  readonly agents: readonly Agent[];
  readonly callbacks: readonly Callback[];
  readonly messages: readonly WrittenMessage[];
}

export interface Changed<Entity> {
  readonly put: readonly Entity[];
  readonly gone: readonly string[];
}

export interface Changes {
  readonly version: number;
  readonly now: string;
  readonly me?: Agent;
  readonly service?: Service;
  readonly handovers?: Changed<Handover>;
  readonly agents?: Changed<Agent>;
  readonly callbacks?: Changed<Callback>;
  readonly messages?: Changed<WrittenMessage>;
}

export type Frame =
  | ({ readonly type: "snapshot" } & Overview)
  | ({ readonly type: "changes" } & Changes)
  | { readonly type: "message"; readonly conversation_id: string; readonly message: LogMessage }
  | { readonly type: "note"; readonly conversation_id: string; readonly note: Note }
  | {
      readonly type: "agent_typing";
      readonly conversation_id: string;
      readonly agent: Person;
      readonly on: boolean;
    }
  | { readonly type: "call_failed"; readonly handover_id: string; readonly code: string; readonly text: string }
  | { readonly type: "error"; readonly code: string; readonly text: string };

export type SentFrame =
  | { readonly type: "view"; readonly conversation_id: string | null }
  | { readonly type: "typing"; readonly conversation_id: string; readonly on: boolean }
  | { readonly type: "presence"; readonly status?: "available" | "away"; readonly capacity?: number };

export interface Turn {
  readonly number: number;
  readonly at: string;
  readonly heard: string;
  readonly confidence: number | null;
  readonly readings: readonly { readonly text: string; readonly confidence: number }[];
  readonly key: string;
  readonly intent: string | null;
  readonly intent_confidence: number | null;
  readonly outcome: string;
  readonly spoken: string;
  readonly interrupted: boolean;
  readonly answers: readonly Answer[];
  readonly choices: readonly Choice[];
  readonly ranking: readonly { readonly intent: string; readonly confidence: number }[];
}

export interface Note {
  readonly id: string;
  readonly at: string;
  readonly agent: Person;
  readonly text: string;
}

export interface Annotation {
  readonly id: string;
  readonly at: string;
  readonly agent: Person;
  readonly verdict: Verdict;
  readonly intent: string;
  readonly turn: number | null;
  readonly note: string;
  readonly handover_id: string | null;
}

export interface Ranked {
  readonly intent: string;
  readonly title: string;
  readonly confidence: number;
}

export interface Payload {
  readonly reason: string;
  readonly waiting_since: string;
  readonly summary: string;
  readonly last_words: string;
  readonly heard_confidence: number | null;
  readonly ranking: readonly Ranked[];
  readonly slots: Readonly<Record<string, unknown>>;
  readonly answers: readonly {
    readonly id: string;
    readonly title: string;
    readonly source: string;
    readonly source_url: string;
    readonly verified_on: string;
    readonly turn: number;
  }[];
}

export interface HistoryEntry {
  readonly at: string;
  readonly kind: string;
  readonly handover_id: string | null;
  readonly agent: Person | null;
  readonly detail: string;
}

export interface Detail {
  readonly id: string;
  readonly channel: Channel;
  readonly mode: "bot" | "human";
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly ended_reason: string | null;
  readonly phase: string | null;
  readonly messages: readonly LogMessage[];
  readonly turns: readonly Turn[];
  readonly handovers: readonly Handover[];
  readonly payload: Payload | null;
  readonly history: readonly HistoryEntry[];
  readonly notes: readonly Note[];
  readonly annotations: readonly Annotation[];
  readonly callbacks: readonly Callback[];
  readonly desk_messages: readonly WrittenMessage[];
  readonly viewers: readonly Person[];
}

export interface Suggestion {
  readonly intent: string;
  readonly title: string;
  readonly text: string;
  readonly plain: string;
  readonly source: string;
  readonly source_url: string;
  readonly verified_on: string;
  readonly score: number;
  readonly from: "ranking" | "text";
}

export interface Canned {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

export interface Subject {
  readonly intent: string;
  readonly title: string;
  readonly theme: string;
}

export interface Found {
  readonly id: string;
  readonly channel: Channel;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly turns: number;
  readonly excerpt: string;
  readonly subjects: readonly string[];
  readonly handover: {
    readonly id: string;
    readonly state: HandoverState;
    readonly reason: string;
    readonly ending: string | null;
    readonly agent: Person | null;
    readonly requested_at: string;
    readonly waited_seconds: number | null;
  } | null;
  readonly verdict: Verdict | null;
}

export interface Figures {
  readonly handovers: {
    readonly asked: number;
    readonly taken: number;
    readonly callback: number;
    readonly message_left: number;
  };
  readonly wait_seconds: { readonly median: number | null; readonly p90: number | null };
  readonly callbacks: {
    readonly promised: number;
    readonly kept: number;
    readonly kept_on_time: number;
    readonly missed: number;
    readonly overdue: number;
  };
}
