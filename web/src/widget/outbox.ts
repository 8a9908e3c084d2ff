/** What was sent and is not yet handled, in order. Each frame keeps its `client_id`, under which it is handled once. */

import type { ClientFrame } from "../shared/protocol";

const RECEIVED_MS = 10_000;
/** The server has it and is asking the dialogue. */
const ANSWERED_MS = 25_000;
const TRIES = 8;

interface Entry {
  readonly frame: ClientFrame;
  tries: number;
  /** When its `received` is overdue; null while it is not on its way. */
  deadline: number | null;
}

export class Outbox {
  readonly #entries = new Map<string, Entry>();
  #heldUntil = 0;
  #changed = false;

  add(frame: ClientFrame): void {
    this.#entries.set(frame.client_id, { frame, tries: 0, deadline: null });
    this.#changed = true;
  }

  remove(clientId: string): ClientFrame | undefined {
    const entry = this.#entries.get(clientId);
    this.#changed ||= this.#entries.delete(clientId);
    return entry?.frame;
  }

  clear(): ClientFrame[] {
    const { frames } = this;
    this.#changed ||= frames.length > 0;
    this.#entries.clear();
    this.#heldUntil = 0;
    return frames;
  }

  get frames(): ClientFrame[] {
    return [...this.#entries.values()].map(({ frame }) => frame);
  }

  /** Whether there is something to save, since the last time this was asked. */
  hasChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** What is to be sent now, in order; at most `count`. From here on it is on its way. */
  take(now: number, count = Infinity): ClientFrame[] {
    if (now < this.#heldUntil) {
      return [];
    }
    this.#heldUntil = 0;
    const taken = [...this.#entries.values()].filter(({ deadline }) => deadline === null).slice(0, count);
    for (const entry of taken) {
      entry.tries += 1;
      entry.deadline = now + RECEIVED_MS;
    }
    return taken.map(({ frame }) => frame);
  }

  /** It is in the log; its `received` comes with the answer. */
  isBeingAnswered(clientId: string, now: number): void {
    const entry = this.#entries.get(clientId);
    if (entry?.deadline) {
      entry.deadline = now + ANSWERED_MS;
    }
  }

  /** The way is interrupted: all will have to be sent again. */
  nothingIsOnItsWay(): void {
    for (const entry of this.#entries.values()) {
      entry.deadline = null;
    }
  }

  /** The server has asked for a pause. */
  holdUntil(time: number): void {
    this.nothingIsOnItsWay();
    this.#heldUntil = time;
  }

  /** Takes out what was sent often enough. */
  givenUp(): ClientFrame[] {
    const over = [...this.#entries.values()].filter(({ tries }) => tries >= TRIES);
    return over.flatMap(({ frame }) => this.remove(frame.client_id) ?? []);
  }

  isOverdue(now: number): boolean {
    return [...this.#entries.values()].some(({ deadline }) => deadline !== null && deadline <= now);
  }

  /** When something is overdue, or may go out after a pause. */
  get deadline(): number | null {
    const times = [...this.#entries.values()].flatMap(({ deadline }) => deadline ?? []);
    if (this.#heldUntil > 0 && this.#entries.size > 0) {
      times.push(this.#heldUntil);
    }
    return times.length > 0 ? Math.min(...times) : null;
  }
}
