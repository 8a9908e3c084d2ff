/** All that the engine needs of a browser; tests put something else there. */

import type { ClientFrame } from "../shared/protocol";
import type { Files } from "./files";
import type { Credentials } from "./session-events";

/** The part of a WebSocket that is used. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketListener {
  opened(): void;
  received(text: string): void;
  closed(code: number): void;
}

/** Where a conversation survives the page. Nothing of it is touched before the first activation. */
export interface Keeper {
  credentials(): Credentials | null;
  keep(credentials: Credentials | null): void;
  /** What this tab has not been able to send. */
  unsent(): readonly ClientFrame[];
  keepUnsent(frames: readonly ClientFrame[]): void;
  /** Only asked where the page wants the window as it was left. */
  wasOpen(): boolean;
  keepOpen(isOpen: boolean): void;
}

export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  random(): number;
  /** 128 random bits, as letters and digits. */
  newId(): string;
  /** Returns how to call it off. */
  after(milliseconds: number, call: () => void): () => void;
  fetch(url: string, init: RequestInit): Promise<Response>;
  connect(url: string, listener: SocketListener): Socket;
  readonly keeper: Keeper;
  /** One tab at a time begins a conversation, where tabs share one. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Calls with what happens to the network, the page and the conversation that tabs share; returns how to stop. */
  watch(call: (event: "online" | "offline" | "shown" | "hidden" | "kept_elsewhere") => void): () => void;
  download(name: string, text: string): void;
  readonly files: Files;
}
