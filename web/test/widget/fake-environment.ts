/** A browser of a few lines: time that is moved by hand, requests and sockets that a test answers. */

import type { ClientFrame, ServerFrame } from "../../src/shared/protocol";
import type { Environment, SocketListener } from "../../src/widget/environment";
import type { Files } from "../../src/widget/files";
import type { Credentials } from "../../src/widget/session-events";

export class FakeSocket {
  readonly sent: Record<string, unknown>[] = [];
  constructor(
    readonly url: string,
    readonly listener: SocketListener,
  ) {}
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {}
  says(frame: ServerFrame): void {
    this.listener.received(JSON.stringify(frame));
  }
}

export class FakeEnvironment implements Environment {
  time = Date.UTC(2026, 10, 22, 10);
  timers: { at: number; call: () => void }[] = [];
  /** All that was touched, in order. */
  touched: string[] = [];
  requests: { method: string; path: string; token: string | null; body: unknown }[] = [];
  answers: Record<string, unknown> = {};
  sockets: FakeSocket[] = [];
  downloads: [string, string][] = [];
  files: Files = {
    window: () => import("../../src/widget/texts") as Promise<never>,
    more: () => import("../../src/widget/more/export") as Promise<never>,
    en: () => import("../../src/widget/texts/en"),
    voice: () => Promise.reject(new Error("no voice here")),
  };
  saved: Credentials | null = null;
  outbox: readonly ClientFrame[] = [];
  #ids = 0;

  now = () => this.time;
  random = () => 0.5;
  newId = () => `id${++this.#ids}`;

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.time + milliseconds, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  fetch = async (url: string, init: RequestInit): Promise<Response> => {
    this.touched.push("fetch");
    const path = new URL(url).pathname + new URL(url).search;
    const headers = new Headers(init.headers);
    const body: unknown = init.body ? JSON.parse(String(init.body)) : null;
    this.requests.push({ method: String(init.method), path, token: headers.get("Authorization"), body });
    const key = Object.keys(this.answers).find((one) => `${init.method} ${path}`.startsWith(one));
    const answer = key === undefined ? undefined : this.answers[key];
    if (answer === undefined) {
      throw new TypeError("no network");
    }
    return answer instanceof Response ? answer.clone() : Response.json(answer);
  };

  connect(url: string, listener: SocketListener): FakeSocket {
    this.touched.push("socket");
    const socket = new FakeSocket(url, listener);
    this.sockets.push(socket);
    return socket;
  }

  keeper = {
    credentials: () => {
      this.touched.push("storage");
      return this.saved;
    },
    keep: (credentials: Credentials | null) => {
      this.touched.push("storage");
      this.saved = credentials;
    },
    unsent: () => this.outbox,
    keepUnsent: (frames: readonly ClientFrame[]) => {
      this.touched.push("storage");
      this.outbox = frames;
    },
    wasOpen: () => false,
    keepOpen: () => {},
  };

  alone = <T>(work: () => Promise<T>) => work();
  watch = () => () => {};
  download = (name: string, text: string) => this.downloads.push([name, text]);

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) {
      throw new Error("no socket was opened");
    }
    return last;
  }

  /** Lets requests come back. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await Promise.resolve();
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) {
        break;
      }
      this.timers = this.timers.filter((one) => one !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
      await this.settle();
    }
    this.time = end;
  }
}
