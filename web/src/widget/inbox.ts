/**
 * What the server says, each message once and in the order of its numbers.
 *
 * A message that comes before its predecessor waits. Only a complete part of the log (`takeAll`) may show that a
 * number does not exist: waiting alone proves nothing, for the predecessor may still come.
 */

import type { LogMessage } from "../shared/protocol";

export class Inbox {
  /** The number of the last message that was handed out. */
  lastSeq = 0;
  readonly #early = new Map<number, LogMessage>();

  /** One message; returns what can be shown now. */
  take(message: LogMessage): LogMessage[] {
    this.#keep(message);
    return this.#drain();
  }

  /** Everything that the log has after a number not above `lastSeq`. */
  takeAll(messages: readonly LogMessage[]): LogMessage[] {
    let last = this.lastSeq;
    for (const message of messages) {
      this.#keep(message);
      last = Math.max(last, message.seq);
    }
    return this.#drain(last);
  }

  /** Whether a message waits for one that has not come. */
  get hasGap(): boolean {
    return this.#early.size > 0;
  }

  clear(): void {
    this.lastSeq = 0;
    this.#early.clear();
  }

  #keep(message: LogMessage): void {
    if (message.seq > this.lastSeq) {
      this.#early.set(message.seq, message);
    }
  }

  /** Up to `last` whatever is missing, beyond it as long as nothing is. */
  #drain(last = 0): LogMessage[] {
    const ready: LogMessage[] = [];
    for (const seq of [...this.#early.keys()].sort((a, b) => a - b)) {
      const message = this.#early.get(seq);
      if (!message || (seq > last && seq !== this.lastSeq + 1)) {
        break;
      }
      this.#early.delete(seq);
      this.lastSeq = seq;
      ready.push(message);
    }
    return ready;
  }
}
