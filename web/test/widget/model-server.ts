/** A gateway of a few lines, as docs/api.md describes it: numbers what is said, handles each client id once. */

import type { ClientFrame, LogMessage, ServerFrame } from "../../src/shared/protocol";
import type { LogPart } from "../../src/widget/session-events";

const AT = "2026-11-22T10:00:00Z";

export class ModelServer {
  readonly log: LogMessage[] = [];
  readonly handled = new Map<string, number>();
  /** How often each client id has had an effect. */
  readonly effects = new Map<string, number>();

  /** The frames for every window, and the answer for the one that sent. */
  handle(frame: ClientFrame): { all: LogMessage[]; answer: ServerFrame } {
    const before = this.handled.get(frame.client_id);
    if (before !== undefined) {
      return { all: [], answer: { type: "received", client_id: frame.client_id, seq: before } };
    }
    this.effects.set(frame.client_id, (this.effects.get(frame.client_id) ?? 0) + 1);
    const text = frame.type === "message" ? frame.text : frame.type;
    const person = this.add({ type: "person", text, client_id: frame.client_id });
    const reply = this.add({ type: "reply", outcome: "answered", text: `Réponse à ${text}`, answers: [], choices: [] });
    this.handled.set(frame.client_id, person.seq);
    return { all: [person, reply], answer: { type: "received", client_id: frame.client_id, seq: person.seq } };
  }

  add(message: object): LogMessage {
    const numbered = { ...message, seq: this.log.length + 1, at: AT } as LogMessage;
    this.log.push(numbered);
    return numbered;
  }

  after(seq: number): LogMessage[] {
    return this.log.filter((message) => message.seq > seq);
  }

  part(after: number): LogPart {
    const seq = this.log.length;
    return { messages: this.after(after), seq, state: `s${seq}`, handover: null, queue: null, typing: null };
  }
}
