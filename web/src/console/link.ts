/** The live half of the desk: one WebSocket, opened again for as long as the console is. */

import type { Frame, SentFrame } from "./wire";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export interface LinkEvents {
  frame(frame: Frame): void;
  opened(): void;
  lost(): void;
}

export class Link {
  readonly #events: LinkEvents;
  #socket: WebSocket | null = null;
  #waitMs = FIRST_WAIT_MS;
  #timer: number | undefined;
  #wanted = false;

  constructor(events: LinkEvents) {
    this.#events = events;
    addEventListener("online", () => this.retry());
  }

  open(): void {
    this.#wanted = true;
    if (!this.#socket) {
      this.#connect();
    }
  }

  close(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Now, rather than after the wait. */
  retry(): void {
    if (this.#wanted && !this.#socket) {
      clearTimeout(this.#timer);
      this.#connect();
    }
  }

  /** Whether it was sent; what is not sent is said again after a reconnection by whoever needs it. */
  send(frame: SentFrame): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect(): void {
    const socket = new WebSocket(new URL("/api/desk/ws", location.href.replace(/^http/u, "ws")));
    this.#socket = socket;
    socket.onopen = () => {
      this.#waitMs = FIRST_WAIT_MS;
      this.#events.opened();
    };
    socket.onmessage = ({ data }) => {
      // One that we have closed may still have something to tell.
      if (this.#socket === socket) {
        this.#events.frame(JSON.parse(String(data)) as Frame);
      }
    };
    socket.onclose = () => {
      if (this.#socket !== socket) {
        return;
      }
      this.#socket = null;
      if (this.#wanted) {
        this.#events.lost();
        // Spread out: a server that restarts is not met by everybody in the same instant.
        this.#timer = setTimeout(() => this.#connect(), this.#waitMs * (0.75 + Math.random() / 2));
        this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
      }
    };
  }
}
