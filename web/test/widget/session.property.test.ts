/**
 * Whatever a network does, every message is shown once and in order, and every message sent is handled once.
 *
 * The network here is a bag of deliveries from which fate takes one at a time: in any order, twice, never; it cuts
 * connections, refuses WebSockets, lets time pass. Then it becomes a good network, and everything must have arrived.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClientFrame } from "../../src/shared/protocol";
import { Session } from "../../src/widget/session";
import type { Command, Event } from "../../src/widget/session-events";
import { ModelServer } from "./model-server";

const NO_ANSWER = { status: 0, code: "", text: "", retrySeconds: null };
const UNAVAILABLE = { status: 503, code: "busy", text: "", retrySeconds: 1 };
const CREDENTIALS = { id: "c1", token: "t" };

class World {
  readonly server = new ModelServer();
  session = new Session(() => 0.5);
  now = 0;
  shown: number[] = [];
  sent: ClientFrame[] = [];
  failed = new Set<string>();
  saved: { credentials: typeof CREDENTIALS | null; outbox: readonly ClientFrame[] } = { credentials: null, outbox: [] };
  /** What is on its way, either direction. */
  bag: { readonly run: () => void; readonly isLost?: () => void }[] = [];
  open = new Set<number>();
  socketsWork = true;

  handle(event: Event): void {
    for (const command of this.session.handle(event, this.now)) {
      this.perform(command);
    }
  }

  perform(command: Command): void {
    const soon = (run: () => void, isLost?: () => void) => this.bag.push(isLost ? { run, isLost } : { run });
    switch (command.type) {
      case "create":
        soon(
          () => soon(() => this.handle({ type: "created", creation: command.creation, credentials: CREDENTIALS })),
          () => this.handle({ type: "not_created", creation: command.creation, failure: NO_ANSWER }),
        );
        break;
      case "open_socket": {
        const { socket } = command;
        if (this.socketsWork) {
          this.open.add(socket);
          soon(() => this.handle({ type: "socket_opened", socket }));
        } else {
          soon(() => this.handle({ type: "socket_closed", socket, code: 1006 }));
        }
        break;
      }
      case "hello": {
        const { socket, after } = command;
        soon(() => {
          if (this.open.has(socket)) {
            this.deliver(socket, { type: "welcome", seq: this.server.log.length, handover: null });
            for (const message of this.server.after(after)) {
              this.deliver(socket, message);
            }
            this.joined.add(socket);
          }
        });
        break;
      }
      case "send_frame": {
        const { socket, frame } = command;
        soon(() => {
          if (this.open.has(socket)) {
            const { all, answer } = this.server.handle(frame);
            this.tell(all);
            this.deliver(socket, answer);
          }
        });
        break;
      }
      case "close_socket":
        this.open.delete(command.socket);
        this.joined.delete(command.socket);
        break;
      case "fetch": {
        const { fetch, after } = command;
        const lost = () => this.handle({ type: "not_fetched", fetch, failure: NO_ANSWER });
        soon(() => {
          const part = this.server.part(after);
          soon(() => this.handle({ type: "fetched", fetch, part }), lost);
        }, lost);
        break;
      }
      case "post": {
        const { post, frame } = command;
        const lost = () => this.handle({ type: "not_posted", post, failure: NO_ANSWER });
        soon(
          () => {
            const { all, answer } = this.server.handle(frame);
            this.tell(all);
            soon(() => this.handle({ type: "posted", post, frame: answer }), lost);
          },
          () => this.handle({ type: "not_posted", post, failure: UNAVAILABLE }),
        );
        break;
      }
      case "save":
        this.saved = { ...this.saved, credentials: command.credentials };
        break;
      case "save_outbox":
        this.saved = { ...this.saved, outbox: command.frames };
        break;
      case "show":
        this.shown.push(command.message.seq);
        break;
      case "show_anew":
        this.shown = [];
        break;
      case "not_delivered":
        this.failed.add(command.frame.client_id);
        break;
    }
  }

  readonly joined = new Set<number>();

  tell(messages: readonly object[]): void {
    for (const socket of this.joined) {
      for (const message of messages) {
        this.deliver(socket, message);
      }
    }
  }

  /** A connection loses nothing while it lasts: what is lost ends it. */
  deliver(socket: number, frame: object): void {
    this.bag.push({
      run: () => this.open.has(socket) && this.handle({ type: "frame", socket, frame } as Event),
      isLost: () => this.close(socket),
    });
  }

  close(socket: number): void {
    if (this.open.delete(socket)) {
      this.joined.delete(socket);
      this.handle({ type: "socket_closed", socket, code: 1006 });
    }
  }

  cut(): void {
    [...this.open].forEach((socket) => {
      this.close(socket);
    });
  }

  send(text: string): void {
    const frame: ClientFrame = { type: "message", text, client_id: `c${this.sent.length}` };
    this.sent.push(frame);
    this.handle({ type: "send", frame });
  }

  /** The page is loaded anew: only what was saved is left. */
  reload(): void {
    this.open.clear();
    this.joined.clear();
    this.bag = [];
    this.shown = [];
    this.session = new Session(() => 0.5);
    this.handle({ type: "activated", saved: this.saved.credentials, outbox: this.saved.outbox });
  }

  /** Time passes until something is due. */
  wait(): void {
    const { wakeAt } = this.session;
    if (wakeAt !== null) {
      this.now = Math.max(this.now + 1, wakeAt);
      this.handle({ type: "tick" });
    }
  }

  step([kind, number]: readonly [kind: number, number: number]): void {
    const index = this.bag.length > 0 ? number % this.bag.length : 0;
    const one = this.bag[index];
    if (kind < 50) {
      this.bag.splice(index, 1);
      one?.run();
    } else if (kind < 58) {
      one?.run(); // and once more later
    } else if (kind < 64) {
      this.bag.splice(index, 1);
      one?.isLost?.();
    } else if (kind < 76) {
      this.send(`m${this.sent.length}`);
    } else if (kind < 82) {
      this.tell([this.server.add({ type: "agent", name: "Claire", text: "Bonjour" })]);
    } else if (kind < 87) {
      this.cut();
    } else if (kind < 89) {
      this.reload();
    } else if (kind < 91) {
      this.handle({ type: "offline" });
    } else if (kind < 93) {
      this.handle({ type: number % 2 ? "online" : "shown" });
    } else if (kind < 95) {
      this.handle({ type: "hidden" });
    } else if (kind < 97) {
      this.socketsWork = !this.socketsWork;
    } else {
      this.wait();
    }
  }

  /** A good network: everything arrives, in order, until nothing is left to do. */
  settle(): void {
    for (let turns = 0; turns < 3_000; turns++) {
      const one = this.bag.shift();
      if (one) {
        one.run();
      } else if (this.isSettled()) {
        return;
      } else {
        this.wait();
      }
    }
  }

  isSettled(): boolean {
    return (
      this.saved.outbox.length === 0 &&
      (this.saved.credentials === null || this.shown.length === this.server.log.length) &&
      !this.bag.length
    );
  }
}

const fate = fc.array(fc.tuple(fc.nat(99), fc.nat(1000)), { minLength: 5, maxLength: 150 });

test.each([
  ["over WebSockets", true],
  ["where WebSockets are blocked", false],
])(
  "every message is shown once and in order, and handled once, %s",
  (_, socketsWork) => {
    fc.assert(
      fc.property(fate, (steps) => {
        const world = new World();
        world.socketsWork = socketsWork;
        world.handle({ type: "activated", saved: null, outbox: [] });
        world.send("m0");
        for (const step of steps) {
          world.step(step);
          expect(world.shown, "in order, nothing twice, nothing left out").toEqual(
            world.shown.map((_, index) => index + 1),
          );
          const isBusy = world.session.credentials !== null || world.saved.outbox.length > 0;
          expect(!isBusy || world.bag.length > 0 || world.session.wakeAt !== null || world.joined.size > 0).toBe(true);
        }
        world.socketsWork = socketsWork;
        world.settle();
        world.settle();

        expect(world.shown).toEqual(world.server.log.map(({ seq }) => seq));
        for (const { client_id: id } of world.sent) {
          const times = world.server.effects.get(id) ?? 0;
          expect(times === 1 || (times === 0 && world.failed.has(id)), `${id} handled ${times} times`).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  },
  60_000,
);
