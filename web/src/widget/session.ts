/**
 * One conversation's way to the server and back, without a network: events in, commands out.
 *
 * Three rules keep it honest. What a visitor sends is kept until the server says `received`, and sent again, the
 * same, after every interruption; the server handles it once. What the server says has a number; after an
 * interruption we name the last one we have, and it says the rest. Whatever is under way has a number too, and news
 * of an older one is ignored. While something is expected, `wakeAt` is never null: nothing waits for ever.
 *
 * A WebSocket carries both directions. Where none can be opened (some proxies), requests do: one that is held open
 * for what the server says, one for each frame. From time to time a WebSocket is tried again.
 */

import type { LogMessage, ServerFrame } from "../shared/protocol";
import { Inbox } from "./inbox";
import type { Link } from "./model";
import { Outbox } from "./outbox";
import type { Command, Credentials, Event, Failure, LogPart } from "./session-events";

/** From a connection's beginning to `welcome`. */
const CONNECT_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** A connection that lasted this long was a good one: the next interruption is the first again. */
const GOOD_MS = 5_000;
/** How long a message may wait for its predecessor before the log is asked for. */
const GAP_MS = 1_500;
const POLL_SECONDS = 25;
/** From the beginning of a request for the log to the next one, should the server not hold it open. */
const POLL_SPACING_MS = 300;
const POLL_SPACING_IDLE_MS = 2_000;
const SOCKET_AGAIN_MS = 60_000;
const SOCKET_AGAIN_LONGEST_MS = 15 * 60_000;
/** After this long without a word, a connection on which a person is expected is tested. */
const SILENCE_MS = 45_000;
/** A window that was hidden for this long may have lost its connection without being told. */
const HIDDEN_MS = 10_000;
const LONGEST_RETRY_AFTER_SECONDS = 60;
/** The server wants no second try from a window that it did not understand. */
const POLICY_VIOLATION = 1008;

type Phase = "none" | "creating" | "connecting" | "live" | "polling" | "waiting";
type Deadline = "create" | "connect" | "fetch" | "retry" | "gap" | "poll" | "socket" | "silence";

export class Session {
  #phase: Phase = "none";
  #link: Link = "none";
  #credentials: Credentials | null = null;
  readonly #inbox = new Inbox();
  readonly #outbox = new Outbox();
  readonly #deadlines = new Map<Deadline, number>();
  readonly #random: () => number;
  #out: Command[] = [];

  /** The numbers of what is under way; 0: nothing. */
  #made = 0;
  #creation = 0;
  #socket = 0;
  #fetch = 0;
  #post = 0;

  #posting = "";
  #failures = 0;
  #liveSince = 0;
  #socketsRefused = 0;
  #state = "";
  #expectsPerson = false;
  /** Up to here the log was read on an earlier page; null until the server has said where it ends. */
  #oldUntil: number | null = 0;
  #fetchSince = 0;
  #hiddenSince: number | null = null;

  /** `random`: 0 ≤ n < 1, so that windows do not all come back at once. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** When `tick` is due; null when nothing is awaited. */
  get wakeAt(): number | null {
    const times = [...this.#deadlines.values()];
    const resend = this.#outbox.deadline;
    if (resend !== null) {
      times.push(resend);
    }
    return times.length > 0 ? Math.min(...times) : null;
  }

  get credentials(): Credentials | null {
    return this.#credentials;
  }

  handle(event: Event, now: number): Command[] {
    this.#out = [];
    this.#on(event, now);
    if (this.#outbox.hasChanged()) {
      this.#do({ type: "save_outbox", frames: this.#outbox.frames });
    }
    return this.#out;
  }

  #on(event: Event, now: number): void {
    switch (event.type) {
      case "activated":
        for (const frame of event.outbox) {
          this.#outbox.add(frame);
        }
        if (event.saved) {
          this.#oldUntil = null;
          this.#enter(event.saved, now);
        } else if (event.outbox.length > 0) {
          this.#create(now);
        }
        break;
      case "send":
        this.#outbox.add(event.frame);
        this.#sendOrConnect(now);
        break;
      case "begin":
        this.#sendOrConnect(now);
        break;
      case "created":
        if (event.creation !== this.#creation) {
          this.#do({ type: "discard", credentials: event.credentials });
        } else {
          this.#enter(event.credentials, now);
        }
        break;
      case "not_created":
        if (event.creation === this.#creation) {
          this.#notCreated(event.failure, now);
        }
        break;
      case "adopt":
        if (!this.#credentials) {
          this.#oldUntil = null;
          this.#enter(event.credentials, now);
        }
        break;
      case "socket_opened":
        if (event.socket === this.#socket && this.#credentials) {
          const socket = this.#socket;
          this.#do({ type: "hello", socket, credentials: this.#credentials, after: this.#inbox.lastSeq });
        }
        break;
      case "socket_closed":
        if (event.socket === this.#socket) {
          this.#socketLost(event.code, now);
        }
        break;
      case "frame":
        if (event.socket === this.#socket) {
          this.#receive(event.frame, now);
        }
        break;
      case "fetched":
        if (event.fetch === this.#fetch) {
          this.#fetched(event.part, now);
        }
        break;
      case "not_fetched":
        if (event.fetch === this.#fetch) {
          this.#endFetch();
          this.#refused(event.failure) || this.#interrupted(now, event.failure);
        }
        break;
      case "posted":
        if (event.post === this.#post) {
          this.#post = 0;
          this.#receive(event.frame, now);
          this.#transmit(now);
        }
        break;
      case "not_posted":
        if (event.post === this.#post) {
          this.#post = 0;
          this.#notPosted(event.failure, now);
        }
        break;
      case "offline":
        if (this.#phase === "live" || this.#phase === "polling" || this.#phase === "connecting") {
          this.#interrupted(now);
        }
        break;
      case "hidden":
        this.#hiddenSince ??= now;
        break;
      case "shown":
        if (this.#phase === "live" && now - (this.#hiddenSince ?? now) > HIDDEN_MS) {
          this.#check(now);
        }
        this.#hiddenSince = null;
        this.#retryNow(now);
        break;
      case "online":
      case "retry":
        this.#retryNow(now);
        break;
      case "forget":
        this.#leave();
        break;
      case "erased":
        this.#gone("erased");
        break;
      case "tick":
        this.#tick(now);
        break;
    }
  }

  // --- beginning ------------------------------------------------------------------------------------

  #create(now: number): void {
    this.#creation = this.#next();
    this.#to("creating", "connecting");
    this.#set("create", now + 2 * CONNECT_MS);
    this.#do({ type: "create", creation: this.#creation });
  }

  #notCreated(failure: Failure, now: number): void {
    this.#creation = 0;
    this.#deadlines.delete("create");
    if (this.#refused(failure)) {
      return;
    }
    if (failure.status >= 400 && failure.status < 500 && !mayComeBack(failure)) {
      this.#to("none", "none");
      this.#failAll(failure.code, failure.text);
      return;
    }
    this.#interrupted(now, failure);
    this.#do({ type: "problem", problem: "service_down" });
  }

  #enter(credentials: Credentials, now: number): void {
    this.#creation = 0;
    this.#deadlines.delete("create");
    this.#credentials = credentials;
    this.#do({ type: "save", credentials });
    this.#connect(now);
  }

  #connect(now: number): void {
    if (!this.#credentials) {
      this.#create(now);
      return;
    }
    this.#closeSocket();
    this.#cancelFetch();
    this.#to("connecting", "connecting");
    this.#openSocket(now);
  }

  #openSocket(now: number): void {
    if (this.#credentials) {
      this.#socket = this.#next();
      this.#set("connect", now + CONNECT_MS);
      this.#do({ type: "open_socket", socket: this.#socket, credentials: this.#credentials });
    }
  }

  #sendOrConnect(now: number): void {
    if (this.#phase === "none") {
      this.#connect(now);
    } else if (this.#phase === "live" || this.#phase === "polling") {
      this.#transmit(now);
    } else {
      this.#retryNow(now);
    }
  }

  #retryNow(now: number): void {
    if (this.#phase === "waiting") {
      this.#connect(now);
    }
  }

  // --- interruptions --------------------------------------------------------------------------------

  #socketLost(code: number, now: number): void {
    this.#socket = 0;
    this.#deadlines.delete("connect");
    if (code === POLICY_VIOLATION) {
      this.#interrupted(now);
      this.#set("retry", now + LONGEST_RETRY_MS);
    } else if (this.#phase === "polling") {
      this.#tryTheSocketLater(now);
    } else if (this.#phase === "connecting") {
      this.#get(0, now); // whether it is the server that cannot be reached, or only its WebSocket
    } else {
      this.#interrupted(now);
    }
  }

  #interrupted(now: number, failure?: Failure): void {
    if (this.#phase === "live" && now - this.#liveSince > GOOD_MS) {
      this.#failures = 0;
    }
    this.#closeSocket();
    this.#cancelFetch();
    this.#post = 0;
    this.#creation = 0;
    this.#outbox.nothingIsOnItsWay();
    this.#deadlines.clear();
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    const asked = 1000 * Math.min(failure?.retrySeconds ?? 0, LONGEST_RETRY_AFTER_SECONDS);
    this.#set("retry", now + Math.max(asked, longest * (0.5 + this.#random() / 2)));
    this.#do({ type: "typing", who: null });
    this.#to("waiting", "waiting");
  }

  /** True when it was final: the conversation does not exist, or this page may not speak. */
  #refused(failure: Failure): boolean {
    if (failure.status === 403) {
      this.#do({ type: "problem", problem: "origin_refused" });
      this.#failAll(failure.code, failure.text);
      this.#stop();
      return true;
    }
    if (this.#credentials && (failure.status === 401 || failure.status === 404 || failure.status === 410)) {
      this.#gone("unknown");
      return true;
    }
    return false;
  }

  #gone(why: "unknown" | "erased"): void {
    this.#failAll("unknown_conversation", "");
    this.#leave();
    this.#do({ type: "gone", why });
  }

  #leave(): void {
    this.#stop();
    this.#credentials = null;
    this.#inbox.clear();
    this.#outbox.clear();
    this.#state = "";
    this.#expectsPerson = false;
    this.#oldUntil = 0;
    this.#do({ type: "save", credentials: null });
  }

  #stop(): void {
    this.#closeSocket();
    this.#cancelFetch();
    this.#post = 0;
    this.#creation = 0;
    this.#failures = 0;
    this.#deadlines.clear();
    this.#outbox.nothingIsOnItsWay();
    this.#to("none", "none");
  }

  #tick(now: number): void {
    const due = (name: Deadline) => (this.#deadlines.get(name) ?? Infinity) <= now && this.#deadlines.delete(name);
    if (due("create") || due("fetch")) {
      this.#interrupted(now);
    }
    if (due("connect")) {
      this.#do({ type: "close_socket", socket: this.#socket });
      this.#socketLost(0, now);
    }
    if (due("retry")) {
      this.#retryNow(now);
    }
    if (due("gap") && this.#inbox.hasGap) {
      this.#get(0, now);
    }
    if (due("poll")) {
      this.#get(POLL_SECONDS, now);
    }
    if (due("socket") && this.#phase === "polling") {
      this.#openSocket(now);
    }
    if (due("silence")) {
      this.#check(now);
    }
    if (this.#outbox.isOverdue(now)) {
      this.#unanswered(now);
    } else if ((this.#outbox.deadline ?? Infinity) <= now) {
      this.#transmit(now); // the pause that was asked for is over
    }
  }

  // --- receiving ------------------------------------------------------------------------------------

  #receive(frame: ServerFrame, now: number): void {
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame.seq, now);
        this.#person(frame.handover);
        break;
      case "received":
        this.#delivered(frame.client_id);
        break;
      case "error":
        this.#error(frame);
        break;
      case "erased":
        this.#gone("erased");
        break;
      case "typing":
        this.#do({ type: "typing", who: frame.on ? frame.who : null });
        break;
      case "queue":
        this.#do({ type: "queue", position: frame.position, waitSeconds: frame.wait_seconds });
        break;
      case "person":
      case "reply":
      case "agent":
      case "handover":
        this.#show(this.#inbox.take(frame), now);
        break;
      default: // from a newer server
    }
    this.#listen(now);
  }

  #welcome(seq: number, now: number): void {
    this.#cancelFetch();
    this.#deadlines.clear();
    this.#post = 0;
    if (seq < this.#inbox.lastSeq) {
      // The server has lost the end of the log: what we have is no longer what is numbered there.
      this.#beginAnew();
      this.#connect(now);
      return;
    }
    this.#oldUntil ??= seq;
    this.#socketsRefused = 0;
    this.#liveSince = now;
    this.#to("live", "live");
    this.#outbox.nothingIsOnItsWay();
    this.#failTheOften();
    this.#transmit(now);
  }

  #beginAnew(): void {
    this.#inbox.clear();
    this.#state = "";
    this.#do({ type: "show_anew" });
  }

  #show(messages: readonly LogMessage[], now: number): void {
    for (const message of messages) {
      if (message.type === "handover") {
        this.#expectsPerson = isOpen(message.state);
      } else if (message.type === "person" && message.client_id) {
        this.#outbox.isBeingAnswered(message.client_id, now);
      }
      this.#do({ type: "show", message, isHistory: message.seq <= (this.#oldUntil ?? 0) });
    }
    if (!this.#inbox.hasGap) {
      this.#deadlines.delete("gap");
    } else if (!this.#deadlines.has("gap")) {
      this.#set("gap", now + GAP_MS);
    }
  }

  #person(handover: LogPart["handover"]): void {
    this.#expectsPerson = handover !== null && isOpen(handover.state);
    this.#do({ type: "handover", handover });
  }

  #error({ code, text, client_id: clientId }: Extract<ServerFrame, { type: "error" }>): void {
    if (clientId) {
      const frame = this.#outbox.remove(clientId);
      if (frame) {
        this.#do({ type: "not_delivered", frame, code, text });
      }
    } else if (code === "unknown_conversation") {
      this.#gone("unknown");
    }
  }

  #delivered(clientId: string): void {
    const frame = this.#outbox.remove(clientId);
    if (frame) {
      this.#do({ type: "delivered", frame });
    }
  }

  /** Tests a connection that has been silent, by asking for what it may have lost. */
  #check(now: number): void {
    if (this.#phase === "live" && !this.#fetch) {
      this.#get(0, now);
    }
  }

  /** A word has come: the connection works. */
  #listen(now: number): void {
    if (this.#phase === "live" && this.#expectsPerson && this.#hiddenSince === null) {
      this.#set("silence", now + SILENCE_MS);
    } else {
      this.#deadlines.delete("silence");
    }
  }

  // --- without WebSocket ----------------------------------------------------------------------------

  #get(waitSeconds: number, now: number): void {
    if (this.#credentials) {
      this.#cancelFetch();
      this.#fetch = this.#next();
      this.#fetchSince = now;
      this.#set("fetch", now + CONNECT_MS + 1000 * waitSeconds);
      const { lastSeq: after } = this.#inbox;
      // Without a state the answer waits for news alone, and the first one tells what the state is.
      const state = waitSeconds ? this.#state : "";
      this.#do({ type: "fetch", fetch: this.#fetch, credentials: this.#credentials, after, state, waitSeconds });
    }
  }

  #fetched(part: LogPart, now: number): void {
    this.#endFetch();
    if (part.seq < this.#inbox.lastSeq) {
      this.#beginAnew();
      this.#connect(now);
      return;
    }
    this.#oldUntil ??= part.seq;
    this.#show(this.#inbox.takeAll(part.messages), now);
    if (this.#phase === "live") {
      this.#listen(now);
      return;
    }
    if (this.#phase === "connecting") {
      this.#to("polling", "polling");
      this.#liveSince = now;
      this.#failures = 0;
      this.#tryTheSocketLater(now);
      this.#transmit(now);
    }
    const isNews = part.messages.length > 0 || part.state !== this.#state;
    this.#state = part.state;
    this.#person(part.handover);
    if (part.queue) {
      this.#do({ type: "queue", position: part.queue.position, waitSeconds: part.queue.wait_seconds });
    }
    this.#do({ type: "typing", who: part.typing });
    this.#set("poll", Math.max(now, this.#fetchSince + (isNews ? POLL_SPACING_MS : POLL_SPACING_IDLE_MS)));
  }

  #tryTheSocketLater(now: number): void {
    const delay = Math.min(SOCKET_AGAIN_LONGEST_MS, SOCKET_AGAIN_MS * 2 ** this.#socketsRefused);
    this.#socketsRefused += 1;
    this.#set("socket", now + delay);
  }

  // --- sending --------------------------------------------------------------------------------------

  #transmit(now: number): void {
    if (this.#phase === "live") {
      for (const frame of this.#outbox.take(now)) {
        this.#do({ type: "send_frame", socket: this.#socket, frame });
      }
    } else if (this.#phase === "polling" && !this.#post && this.#credentials) {
      const [frame] = this.#outbox.take(now, 1);
      if (frame) {
        this.#post = this.#next();
        this.#posting = frame.client_id;
        this.#do({ type: "post", post: this.#post, credentials: this.#credentials, frame });
      }
    }
  }

  #notPosted(failure: Failure, now: number): void {
    const wait = failure.retrySeconds;
    if (failure.status === 0 || (failure.status >= 500 && failure.code !== "unavailable")) {
      this.#interrupted(now, failure);
    } else if (wait !== null && wait <= LONGEST_RETRY_AFTER_SECONDS && failure.status === 429) {
      this.#outbox.holdUntil(now + wait * 1000);
    } else if (!this.#refused(failure)) {
      const frame = this.#outbox.remove(this.#posting);
      if (frame) {
        this.#do({ type: "not_delivered", frame, code: failure.code, text: failure.text });
      }
      this.#transmit(now);
    }
  }

  /** A frame has waited long enough for its `received`. */
  #unanswered(now: number): void {
    this.#failTheOften();
    if (this.#phase === "live") {
      // No word of it: this connection is dead, whatever the browser believes.
      this.#connect(now);
    } else {
      this.#post = 0;
      this.#outbox.nothingIsOnItsWay();
      this.#transmit(now);
    }
  }

  #failTheOften(): void {
    for (const frame of this.#outbox.givenUp()) {
      this.#do({ type: "not_delivered", frame, code: "unavailable", text: "" });
    }
  }

  #failAll(code: string, text: string): void {
    for (const frame of this.#outbox.clear()) {
      this.#do({ type: "not_delivered", frame, code, text });
    }
  }

  // --- small things ---------------------------------------------------------------------------------

  #to(phase: Phase, link: Link): void {
    this.#phase = phase;
    if (link !== this.#link) {
      this.#link = link;
      this.#do({ type: "link", link });
    }
  }

  #closeSocket(): void {
    if (this.#socket) {
      this.#do({ type: "close_socket", socket: this.#socket });
      this.#socket = 0;
    }
    this.#deadlines.delete("connect");
  }

  #cancelFetch(): void {
    if (this.#fetch) {
      this.#do({ type: "cancel_fetch", fetch: this.#fetch });
      this.#endFetch();
    }
  }

  #endFetch(): void {
    this.#fetch = 0;
    this.#deadlines.delete("fetch");
  }

  #next(): number {
    this.#made += 1;
    return this.#made;
  }

  #set(name: Deadline, at: number): void {
    this.#deadlines.set(name, at);
  }

  #do(command: Command): void {
    this.#out.push(command);
  }
}

function isOpen(state: string): boolean {
  return state === "requested" || state === "queued" || state === "active";
}

function mayComeBack({ status, retrySeconds }: Failure): boolean {
  return status === 408 || status === 425 || (status === 429 && retrySeconds !== null);
}
