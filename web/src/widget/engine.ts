/**
 * One window's engine: owns the model, performs the actions, and brings conversation, connection and voice together.
 *
 * Before `open` (or `send`, `askPerson` …: the first activation) it touches nothing: no storage, no network, no timer.
 */

import type { ClientBody, ClientFrame, ServiceInfo } from "../shared/protocol";
import { Connection, type News } from "./connection";
import { Conversation } from "./conversation";
import type { Environment } from "./environment";
import type { Files } from "./files";
import { asFailure, Gateway } from "./gateway";
import type { Actions, Model, Problem } from "./model";
import type { Options } from "./options";
import type { Credentials } from "./session-events";
import { WORDS } from "./texts/first";
import { hasSound, SILENT, type Voice, type VoiceState } from "./voice/types";

/** What a host page can listen to. No event carries anybody's words. */
export interface Happenings {
  open: undefined;
  close: undefined;
  message: { readonly author: "visitor" | "bot" | "agent" };
  handover: { readonly state: string };
  unread: { readonly count: number };
  error: { readonly problem: Problem };
}
export type Happening = {
  [K in keyof Happenings]: { readonly type: K; readonly detail: Happenings[K] };
}[keyof Happenings];

const SERVICE_AGAIN_MS = 5_000;
const AVAILABILITY_MS = 60_000;
const ERASE_PAUSES_MS = [0, 1_000, 3_000];

interface Waiting {
  readonly resolve: (credentials: Credentials) => void;
  readonly reject: (error: Error) => void;
}

export class Engine {
  readonly actions: Actions;
  readonly files: Files;
  readonly #options: Options;
  readonly #environment: Environment;
  readonly #gateway: Gateway;
  readonly #connection: Connection;
  readonly #conversation = new Conversation();
  readonly #watchers = new Set<(model: Model) => void>();
  readonly #listeners = new Set<(happening: Happening) => void>();
  readonly #waiting: Waiting[] = [];
  #model: Model;
  #isActive = false;
  #stopWatching: () => void = () => {};
  #callOffExpiry: () => void = () => {};
  #serviceAt = 0;
  /** null until the service has offered it. */
  #voice: Voice | null = null;
  #voiceState: VoiceState = SILENT;

  constructor(options: Options, environment: Environment) {
    this.#options = options;
    this.#environment = environment;
    this.files = environment.files;
    this.#gateway = new Gateway(options.server, environment);
    this.#connection = new Connection(
      environment,
      this.#gateway,
      (news) => this.#learn(news),
      () => this.#show(),
    );
    this.#connection.language = options.locale;
    this.#model = {
      isOpen: false,
      locale: options.locale,
      service: null,
      link: "none",
      items: [],
      typing: null,
      person: this.#conversation.person,
      problem: null,
      unread: 0,
      voice: { ...SILENT, canListen: false, canSpeak: false },
    };
    this.actions = this.#makeActions();
  }

  get model(): Model {
    return this.#model;
  }

  /** Calls with the model now and after each change; returns how to stop. */
  watch(watcher: (model: Model) => void): () => void {
    this.#watchers.add(watcher);
    watcher(this.#model);
    return () => this.#watchers.delete(watcher);
  }

  /** Calls with what happens from now on; returns how to stop. */
  listen(listener: (happening: Happening) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens where the page or the visitor has it open: once, when the window is on the page. */
  begin(): void {
    const { open } = this.#options;
    if (open === "yes" || (open === "resume" && this.#environment.keeper.wasOpen())) {
      this.actions.open();
    }
  }

  // --- what the visitor does ------------------------------------------------------------------------

  #makeActions(): Actions {
    return {
      open: () => {
        if (!this.#model.isOpen) {
          this.#conversation.unread = 0;
          this.#set({ isOpen: true });
          this.#keepOpen();
          this.#activate();
          this.#loadService();
          this.#show();
          this.#happen({ type: "open", detail: undefined });
        }
      },
      close: () => {
        if (this.#model.isOpen) {
          this.#voice?.stop();
          this.#set({ isOpen: false });
          this.#keepOpen();
          this.#happen({ type: "close", detail: undefined });
        }
      },
      send: (text) => {
        if (text.trim()) {
          this.#send({ type: "message", text: text.trim() }, text.trim());
        }
      },
      choose: ({ intent, text }) => this.#send({ type: "choice", intent, label: text }, text),
      retry: (key) => {
        const frame = this.#conversation.retries(key);
        if (frame) {
          this.#connection.handle({ type: "send", frame });
        }
      },
      reconnect: () => {
        this.#connection.handle({ type: "retry" });
        this.#loadService();
      },
      askPerson: () => this.#send({ type: "handover" }, WORDS[this.#model.locale].person),
      cancelPerson: () => this.#send({ type: "cancel_handover" }),
      leaveCallback: (name, number, slot) => this.#send({ type: "callback", name, number, slot }),
      leaveMessage: (name, contact, text) => this.#send({ type: "leave_message", name, contact, text }),
      giveFeedback: (seq, helpful, reason) =>
        this.#send({ type: "feedback", seq, helpful, ...(reason ? { reason } : {}) }),
      download: () => {
        Promise.all([this.files.more(), this.files.window()]).then(
          ([{ transcript }, { textsOf }]) => {
            const { items, service, locale } = this.#model;
            const now = new Date(this.#environment.now());
            this.#environment.download(...transcript(items, service?.service ?? "", textsOf(locale), now));
          },
          () => this.#trouble("not_fetched"),
        );
      },
      erase: () => this.#erase(),
      setLocale: (locale) => {
        if (locale !== this.#model.locale) {
          this.#connection.language = locale;
          this.#set({ locale });
          this.#loadService(true);
        }
      },
      missed: () => this.#trouble("not_fetched"),
      dismissProblem: () => this.#set({ problem: null }),
      startListening: () => {
        this.#activate();
        this.#voice?.startListening();
      },
      stopListening: () => this.#voice?.stopListening(),
      readAloud: (seq) => this.#voice?.readAloud(seq),
    };
  }

  #send(body: ClientBody, shown = ""): void {
    this.#activate();
    const frame: ClientFrame = { ...body, client_id: this.#environment.newId() };
    this.#conversation.sends(frame, shown, this.#now());
    if (shown) {
      this.#happen({ type: "message", detail: { author: "visitor" } });
    }
    this.#connection.handle({ type: "send", frame });
  }

  #activate(): void {
    if (this.#isActive) {
      return;
    }
    this.#isActive = true;
    this.#stopWatching = this.#environment.watch((event) => {
      if (event !== "kept_elsewhere") {
        this.#connection.handle({ type: event });
        return;
      }
      const credentials = this.#environment.keeper.credentials();
      if (credentials) {
        this.#connection.handle({ type: "adopt", credentials });
      } else if (this.#connection.credentials) {
        this.#connection.handle({ type: "erased" });
      }
    });
    for (const frame of this.#connection.activate()) {
      this.#conversation.sends(frame, this.#shown(frame), this.#now());
    }
    if (!this.#connection.credentials && this.#conversation.isEmpty && this.#options.opening) {
      this.#send({ type: "message", text: this.#options.opening }, this.#options.opening);
    }
    this.#show();
  }

  async #erase(): Promise<boolean> {
    const { credentials } = this.#connection;
    this.#voice?.stop();
    this.#conversation.clear();
    this.#set({ problem: null });
    this.#connection.handle({ type: "forget" });
    if (!credentials) {
      return true;
    }
    for (const pause of ERASE_PAUSES_MS) {
      await new Promise<void>((resolve) => this.#environment.after(pause, resolve));
      try {
        await this.#gateway.erase(credentials);
        return true;
      } catch (error) {
        const { status } = asFailure(error);
        if (status === 404 || status === 410) {
          return true;
        }
      }
    }
    this.#trouble("not_erased");
    return false;
  }

  /** A conversation for whoever needs one before anything is sent. */
  #begun(): Promise<Credentials> {
    this.#activate();
    const { credentials } = this.#connection;
    if (credentials) {
      return Promise.resolve(credentials);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#connection.handle({ type: "begin" });
    });
  }

  // --- what the server says -------------------------------------------------------------------------

  #learn(news: News): void {
    const conversation = this.#conversation;
    const now = this.#environment.now();
    switch (news.type) {
      case "show":
        conversation.show(news.message, news.isHistory, this.#model.isOpen);
        this.#tellOf(news);
        break;
      case "show_anew":
        conversation.again();
        break;
      case "typing":
        conversation.types(news.who, now);
        break;
      case "queue":
        conversation.waits(news.position, news.waitSeconds);
        break;
      case "handover":
        conversation.stands(news.handover);
        break;
      case "delivered":
        conversation.delivered(news.frame);
        break;
      case "not_delivered":
        if (!conversation.failed(news.frame, news.text) && news.frame.type !== "feedback") {
          this.#trouble("service_down");
        }
        break;
      case "link":
        this.#set({ link: news.link });
        if (news.link === "waiting") {
          this.#trouble("connection_lost");
        } else if (news.link === "live" || news.link === "polling") {
          this.#solved("connection_lost", "service_down");
        }
        break;
      case "problem":
        this.#trouble(news.problem);
        break;
      case "gone":
        this.#voice?.stop();
        if (news.why === "erased") {
          conversation.clear();
        } else {
          conversation.end();
          this.#trouble("conversation_gone");
        }
        break;
      case "save":
        if (news.credentials) {
          this.#settle(({ resolve }) => news.credentials && resolve(news.credentials));
          this.#solved("conversation_gone");
        }
        break;
    }
  }

  #tellOf({ message, isHistory }: Extract<News, { type: "show" }>): void {
    if (isHistory) {
      return;
    }
    if (message.type === "handover") {
      this.#happen({ type: "handover", detail: { state: message.state } });
      if (message.state === "refused") {
        this.#loadService(true); // hours and slots as they are now
      }
    } else if (message.type !== "person") {
      this.#happen({ type: "message", detail: { author: message.type === "agent" ? "agent" : "bot" } });
    }
  }

  /** What a page shows before anyone speaks; again when it may have changed. */
  #loadService(isUrgent = false): void {
    const now = this.#environment.now();
    if (!this.#isActive || (!isUrgent && now - this.#serviceAt < AVAILABILITY_MS)) {
      return;
    }
    this.#serviceAt = now;
    const { locale } = this.#model;
    this.#gateway.service(locale).then(
      (service) => locale === this.#model.locale && this.#serve(service),
      (error: unknown) => {
        this.#serviceAt = 0;
        if (this.#model.service) {
          return; // there is one to show; asked again when the window is opened
        }
        const isRefused = asFailure(error).status === 403;
        this.#trouble(isRefused ? "origin_refused" : "service_down");
        if (!isRefused) {
          this.#environment.after(SERVICE_AGAIN_MS, () => this.#model.isOpen && this.#loadService());
        }
      },
    );
  }

  #serve(service: ServiceInfo): void {
    this.#set({ service });
    this.#conversation.person = { ...this.#conversation.person, availability: service.person ?? null };
    if (this.#model.link !== "waiting") {
      this.#solved("service_down", "origin_refused");
    }
    this.#show();
    const { listen, speak } = service.voice ?? {};
    if (hasSound() && ((listen && this.#options.microphone) || speak)) {
      this.#loadVoice().catch(() => {}); // without it, the buttons are not shown
    }
  }

  async #loadVoice(): Promise<void> {
    const { makeVoice } = await this.files.voice();
    const { server } = this.#options;
    this.#voice ??= makeVoice({
      server,
      workletUrl: `${server}listen.js`,
      conversation: () => this.#begun(),
      changed: (state) => {
        this.#voiceState = state;
        this.#show();
      },
      failed: (problem) => this.#trouble(problem),
    });
    this.#show();
  }

  // --- the model ------------------------------------------------------------------------------------

  /** Everything that comes from the conversation and the voice. */
  #show(): void {
    const { items, person, unread } = this.#conversation;
    const now = this.#environment.now();
    const before = this.#model;
    const voice = this.#model.service?.voice;
    const isThere = this.#voice !== null;
    this.#set({
      items,
      person,
      unread,
      typing: this.#conversation.typing(now),
      voice: {
        ...this.#voiceState,
        canListen: isThere && this.#options.microphone && !!voice?.listen,
        canSpeak: isThere && !!voice?.speak,
      },
    });
    if (unread !== before.unread) {
      this.#happen({ type: "unread", detail: { count: unread } });
    }
    this.#callOffExpiry();
    const { wakeAt } = this.#conversation;
    if (wakeAt !== null && wakeAt > now) {
      this.#callOffExpiry = this.#environment.after(wakeAt - now, () => this.#show());
    }
  }

  #set(part: Partial<Model>): void {
    this.#model = { ...this.#model, ...part };
    for (const watcher of this.#watchers) {
      watcher(this.#model);
    }
  }

  #trouble(problem: Problem): void {
    this.#settle(({ reject }) => reject(new Error(problem)));
    this.#set({ problem });
    this.#happen({ type: "error", detail: { problem } });
  }

  #solved(...problems: readonly Problem[]): void {
    if (this.#model.problem && problems.includes(this.#model.problem)) {
      this.#set({ problem: null });
    }
  }

  #settle(settle: (waiting: Waiting) => void): void {
    this.#waiting.splice(0).forEach(settle);
  }

  #happen(happening: Happening): void {
    for (const listener of this.#listeners) {
      listener(happening);
    }
  }

  #keepOpen(): void {
    if (this.#options.open === "resume") {
      this.#environment.keeper.keepOpen(this.#model.isOpen);
    }
  }

  #shown(frame: ClientFrame): string {
    switch (frame.type) {
      case "message":
        return frame.text;
      case "choice":
        return frame.label;
      case "handover":
        return WORDS[this.#model.locale].person;
      default:
        return "";
    }
  }

  #now(): string {
    return new Date(this.#environment.now()).toISOString();
  }

  /** As `erase`, for the page: whoever leaves a shared desk leaves nothing behind. */
  reset(): Promise<boolean> {
    if (!this.#isActive && this.#options.storage !== "none") {
      this.#activate(); // what an earlier page has kept is to be erased too
    }
    return this.#erase();
  }

  destroy(): void {
    this.#connection.destroy();
    this.#voice?.stop();
    this.#stopWatching();
    this.#callOffExpiry();
    this.#watchers.clear();
    this.#listeners.clear();
  }
}
