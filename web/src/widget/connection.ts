/** Performs what the session asks for: sockets, requests, timers, storage. Decides nothing. */

import type { ClientFrame } from "../shared/protocol";
import type { Environment, Socket } from "./environment";
import { asFailure, type Gateway, parseFrame } from "./gateway";
import type { Locale } from "./options";
import { Session } from "./session";
import type { Command, Credentials, Event } from "./session-events";

/** The commands that concern what is seen. */
export type News = Extract<
  Command,
  {
    type:
      | "link"
      | "show"
      | "show_anew"
      | "typing"
      | "queue"
      | "handover"
      | "delivered"
      | "not_delivered"
      | "problem"
      | "gone"
      | "save";
  }
>;

export class Connection {
  readonly #session: Session;
  readonly #gateway: Gateway;
  readonly #environment: Environment;
  readonly #tell: (news: News) => void;
  readonly #settled: () => void;
  readonly #sockets = new Map<number, Socket>();
  readonly #fetches = new Map<number, AbortController>();
  #callOffTick: () => void = () => {};
  #isDestroyed = false;
  language: Locale = "fr";

  /** `settled` is called after each event, when all its news have been told. */
  constructor(environment: Environment, gateway: Gateway, tell: (news: News) => void, settled: () => void) {
    this.#environment = environment;
    this.#gateway = gateway;
    this.#tell = tell;
    this.#settled = settled;
    this.#session = new Session(environment.random);
  }

  get credentials(): Credentials | null {
    return this.#session.credentials;
  }

  handle(event: Event): void {
    if (this.#isDestroyed) {
      return;
    }
    const now = this.#environment.now();
    for (const command of this.#session.handle(event, now)) {
      this.#perform(command);
    }
    this.#callOffTick();
    const { wakeAt } = this.#session;
    this.#callOffTick =
      wakeAt === null
        ? () => {}
        : this.#environment.after(Math.max(0, wakeAt - now), () => this.handle({ type: "tick" }));
    this.#settled();
  }

  /** Goes on with what an earlier page has kept, if anything; returns what is still to be sent. */
  activate(): readonly ClientFrame[] {
    const { keeper } = this.#environment;
    const outbox = keeper.unsent();
    this.handle({ type: "activated", saved: keeper.credentials(), outbox });
    return outbox;
  }

  /** Nothing is left open; what is kept stays kept. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#callOffTick();
    for (const socket of this.#sockets.values()) {
      socket.close();
    }
    for (const abort of this.#fetches.values()) {
      abort.abort();
    }
  }

  #perform(command: Command): void {
    switch (command.type) {
      case "create":
        void this.#create(command.creation);
        break;
      case "discard":
        this.#gateway.erase(command.credentials).catch(() => {});
        break;
      case "open_socket":
        this.#open(command.socket, command.credentials.id);
        break;
      case "hello": {
        const { credentials, after, socket } = command;
        this.#send(socket, { type: "hello", token: credentials.token, after, language: this.language });
        break;
      }
      case "send_frame":
        this.#send(command.socket, command.frame);
        break;
      case "close_socket":
        this.#sockets.get(command.socket)?.close();
        this.#sockets.delete(command.socket);
        break;
      case "fetch":
        void this.#fetch(command);
        break;
      case "cancel_fetch":
        this.#fetches.get(command.fetch)?.abort();
        this.#fetches.delete(command.fetch);
        break;
      case "post":
        void this.#post(command);
        break;
      case "save_outbox":
        this.#environment.keeper.keepUnsent(command.frames);
        break;
      case "save":
        this.#environment.keeper.keep(command.credentials);
        this.#tell(command);
        break;
      default:
        this.#tell(command);
    }
  }

  async #create(creation: number): Promise<void> {
    try {
      await this.#environment.alone(async () => {
        // Another tab may have begun meanwhile: one conversation for both.
        const credentials = this.#environment.keeper.credentials() ?? (await this.#gateway.create());
        this.handle({ type: "created", creation, credentials });
      });
    } catch (error) {
      this.handle({ type: "not_created", creation, failure: asFailure(error) });
    }
  }

  #open(number: number, id: string): void {
    const listener = {
      opened: () => this.handle({ type: "socket_opened", socket: number }),
      received: (text: string) => {
        const frame = parseFrame(text);
        if (frame) {
          this.handle({ type: "frame", socket: number, frame });
        }
      },
      closed: (code: number) => {
        this.#sockets.delete(number);
        this.handle({ type: "socket_closed", socket: number, code });
      },
    };
    try {
      this.#sockets.set(number, this.#environment.connect(this.#gateway.socketAddress(id), listener));
    } catch {
      // A host page's policy may forbid WebSockets.
      this.#environment.after(0, () => listener.closed(1006));
    }
  }

  #send(socket: number, frame: unknown): void {
    this.#sockets.get(socket)?.send(JSON.stringify(frame));
  }

  async #fetch(command: Extract<Command, { type: "fetch" }>): Promise<void> {
    const { fetch, credentials, after, state, waitSeconds } = command;
    const abort = new AbortController();
    this.#fetches.set(fetch, abort);
    try {
      const part = await this.#gateway.log(credentials, after, state, waitSeconds, abort);
      this.handle({ type: "fetched", fetch, part });
    } catch (error) {
      this.handle({ type: "not_fetched", fetch, failure: asFailure(error) });
    } finally {
      this.#fetches.delete(fetch);
    }
  }

  async #post({ post, credentials, frame }: Extract<Command, { type: "post" }>): Promise<void> {
    try {
      this.handle({ type: "posted", post, frame: await this.#gateway.post(credentials, frame) });
    } catch (error) {
      this.handle({ type: "not_posted", post, failure: asFailure(error) });
    }
  }
}
