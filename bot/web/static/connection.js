// One conversation's way to the server and back, whatever the network does.
//
// Every message has an id of its own and is kept until the server says that it has received it; after an
// interruption it is sent again under the same id, which the server handles once. Everything the server says has
// a number; after an interruption we name the last one we have, and it says the rest. A WebSocket carries both;
// where none can be opened (some proxies), plain requests do.

import { ApiError, api, socketAddress } from "./api.js";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
const ANSWER_MS = 10_000;
const REPLAY_MS = 1_500;
const POLL_MS = 4_000;
const SOCKETS_BEFORE_REQUESTS = 2;
const KEY = "guichet.session";
const GONE = new Set(["unknown_conversation", "unauthorized", "forbidden", "not_found"]);

export class Connection {
  #on;
  #session = null;
  #starting = null;
  #socket = null;
  #state = "idle";
  #welcomed = false;
  #failures = 0;
  #socketsRefused = 0;
  #byRequests = false;
  #timer = 0;
  #awaited = new Map(); // client_id → { frame, timer }
  #lastSeq = 0;
  #replayUntil = 0;

  /** `on`: { frame(frame), state(name), delivery(clientId, "sending" | "sent" | "failed", text), gone() } */
  constructor(on) {
    this.#on = on;
    window.addEventListener("online", () => this.retryNow());
    window.addEventListener("offline", () => this.#session && this.#dropSocket());
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
  }

  get hasSession() {
    return this.#session !== null;
  }

  /** Goes on with the conversation of before a reload. False when there was none. */
  resume() {
    try {
      this.#session = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    } catch {
      this.#session = null;
    }
    if (this.#session) {
      this.#connect();
    }
    return this.hasSession;
  }

  /** Sends a frame that has a `client_id`; `delivery` tells what becomes of it. May be repeated with the same frame. */
  async send(frame) {
    this.#await(frame);
    if (!this.#session) {
      try {
        await (this.#starting ??= this.#start());
      } catch (error) {
        this.#fail(frame.client_id, error.text);
        return;
      } finally {
        this.#starting = null;
      }
    }
    if (this.#isReady) {
      this.#transmit(frame);
    } else {
      this.retryNow();
    }
  }

  /** Does not wait for the next automatic attempt. */
  retryNow() {
    if (this.#state === "waiting") {
      this.#connect();
    }
  }

  /** Leaves the conversation and asks the server to erase it. True when it has. */
  async erase() {
    const starting = this.#starting;
    let session = this.#session;
    this.#forget();
    if (starting) {
      await starting.catch(() => {});
      session = this.#session;
      this.#forget();
    }
    try {
      session && (await api.erase(session));
      return true;
    } catch (error) {
      return error instanceof ApiError && error.isGone;
    }
  }

  // Starting and connecting

  #enter(state) {
    this.#state = state;
    this.#on.state(state);
  }

  get #isReady() {
    return this.#welcomed && this.#lastSeq >= this.#replayUntil;
  }

  async #start() {
    this.#enter("connecting");
    try {
      const { id, token } = await api.start();
      this.#session = { id, token };
    } catch (error) {
      this.#enter("idle");
      throw error;
    }
    try {
      sessionStorage.setItem(KEY, JSON.stringify(this.#session));
    } catch {
      // Storage is refused: the conversation works, and ends with the page.
    }
    this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#enter("connecting");
    if (this.#byRequests) {
      this.#poll();
      return;
    }
    let opened = false;
    const socket = new WebSocket(socketAddress(this.#session.id));
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#dropSocket(), ANSWER_MS);
    socket.addEventListener("open", () => {
      opened = true;
      this.#socketsRefused = 0;
      socket.send(JSON.stringify({ type: "hello", token: this.#session.token, after: this.#lastSeq }));
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) {
        this.#receive(parse(event.data));
      }
    });
    socket.addEventListener("close", () => {
      if (!opened && navigator.onLine) {
        this.#socketsRefused += 1;
        this.#byRequests = this.#socketsRefused >= SOCKETS_BEFORE_REQUESTS;
      }
      if (socket === this.#socket) {
        this.#interrupted();
      }
    });
  }

  #dropSocket() {
    const socket = this.#socket;
    if (socket) {
      this.#interrupted();
      socket.close();
    }
  }

  #interrupted() {
    clearTimeout(this.#timer);
    this.#socket = null;
    this.#welcomed = false;
    this.#enter("waiting");
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), longest * (0.5 + Math.random() / 2));
  }

  #forget() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#session = null;
    this.#welcomed = false;
    this.#failures = 0;
    this.#lastSeq = 0;
    this.#replayUntil = 0;
    for (const { timer } of this.#awaited.values()) {
      clearTimeout(timer);
    }
    this.#awaited.clear();
    sessionStorage.removeItem(KEY);
    socket?.close();
    this.#enter("idle");
  }

  #gone() {
    const unsent = [...this.#awaited.keys()];
    this.#forget();
    this.#on.gone();
    unsent.forEach((clientId) => this.#on.delivery(clientId, "failed", ""));
  }

  // Receiving

  #receive(frame) {
    switch (frame?.type) {
      case "welcome":
        clearTimeout(this.#timer);
        this.#failures = 0;
        this.#welcomed = true;
        this.#replayUntil = frame.seq ?? 0;
        this.#enter("open");
        this.#on.frame(frame);
        if (this.#isReady) {
          this.#sendAwaited();
        } else {
          this.#timer = setTimeout(() => this.#endReplay(), REPLAY_MS);
        }
        return;
      case "received":
        this.#note(frame.seq);
        this.#settle(frame.client_id);
        break;
      case "error":
        if (frame.client_id) {
          this.#fail(frame.client_id, frame.text);
        } else if (GONE.has(frame.code)) {
          this.#gone();
          return;
        } else {
          this.#on.frame(frame);
        }
        break;
      case "person":
        if (this.#note(frame.seq) && !this.#settleReplayed(frame)) {
          this.#on.frame(frame);
        }
        break;
      case "reply":
      case "handover":
      case "agent":
        if (this.#note(frame.seq)) {
          this.#on.frame(frame);
        }
        break;
      case "typing":
        this.#on.frame(frame);
        break;
      default: // from a newer server
    }
    if (this.#replayUntil && this.#isReady) {
      this.#endReplay();
    }
  }

  /** False when the message of this number is here already: numbers only grow. */
  #note(seq) {
    if (!Number.isInteger(seq)) {
      return true;
    }
    const isNew = seq > this.#lastSeq;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    return isNew;
  }

  #endReplay() {
    if (this.#socket) {
      clearTimeout(this.#timer);
    }
    this.#replayUntil = 0;
    this.#sendAwaited();
  }

  // Sending

  #await(frame) {
    clearTimeout(this.#awaited.get(frame.client_id)?.timer);
    const timer = setTimeout(() => {
      this.#fail(frame.client_id, "");
      this.#dropSocket(); // no word from the server: this connection is dead, whatever the browser believes
    }, ANSWER_MS);
    this.#awaited.set(frame.client_id, { frame, timer });
    this.#on.delivery(frame.client_id, "sending", "");
  }

  #sendAwaited() {
    for (const { frame } of this.#awaited.values()) {
      this.#transmit(frame);
    }
  }

  async #transmit(frame) {
    if (!this.#byRequests) {
      this.#socket.send(JSON.stringify(frame));
      return;
    }
    const session = this.#session;
    this.#on.frame({ type: "typing", on: true });
    try {
      const reply = await api.send(session, requestBody(frame));
      if (session === this.#session) {
        this.#settle(frame.client_id);
        this.#receive({ type: "reply", ...reply });
      }
    } catch (error) {
      if (session === this.#session) {
        error.isGone ? this.#gone() : this.#fail(frame.client_id, error.text);
      }
    }
    this.#on.frame({ type: "typing", on: false });
  }

  #settle(clientId) {
    clearTimeout(this.#awaited.get(clientId)?.timer);
    this.#awaited.delete(clientId);
    this.#on.delivery(clientId, "sent", "");
  }

  /** A message of ours that the server had received before the interruption comes back in the replay. */
  #settleReplayed({ client_id: clientId, text }) {
    for (const [id, { frame }] of this.#awaited) {
      if (clientId ? id === clientId : (frame.text ?? frame.label) === text) {
        this.#settle(id);
        return true;
      }
    }
    return false;
  }

  #fail(clientId, text) {
    clearTimeout(this.#awaited.get(clientId)?.timer);
    if (this.#awaited.delete(clientId)) {
      this.#on.delivery(clientId, "failed", text ?? "");
    }
  }

  // Without WebSocket

  async #poll() {
    const session = this.#session;
    try {
      const { messages } = await api.messages(session, this.#lastSeq);
      if (session !== this.#session) {
        return;
      }
      this.#failures = 0;
      messages.forEach((message) => this.#receive(message));
      if (!this.#welcomed) {
        this.#welcomed = true;
        this.#sendAwaited();
      }
      this.#enter("open");
      this.#timer = setTimeout(() => this.#poll(), document.hidden ? LONGEST_DELAY_MS : POLL_MS);
    } catch (error) {
      if (session === this.#session) {
        error.isGone ? this.#gone() : this.#interrupted();
      }
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function requestBody({ type, client_id, text, intent, label }) {
  switch (type) {
    case "choice":
      return { client_id, choice: intent, label };
    case "handover":
      return { client_id, handover: true };
    default:
      return { client_id, text };
  }
}
