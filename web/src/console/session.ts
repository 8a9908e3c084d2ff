/**
 * The console's hold on the server: the state, what changes it, what is on the screen, and coming back after a cut.
 *
 * What an agent does with it is in `desk.ts`. Writes are safe to repeat; while one is under way its entity is `busy`:
 * pressing the same again does nothing, and what else is pressed waits for its turn.
 */

import type { Me } from "./accounts";
import { Api, OFFLINE, Refused } from "./api";
import { Link } from "./link";
import { currentHandover, groups, mayTake, placeOf } from "./looks";
import { FIRST, type Happening, next, type State, type Tab } from "./state";
import { texts } from "./texts";
import type { Canned, Detail, Frame, Overview, SentFrame, Subject, Suggestion } from "./wire";
import { tellTimesOf } from "./words";

const TOAST_MS = 7000;
const DETAIL_DELAY_MS = 250;
const TYPING_MS = 3000;
// With a new password the old session ends a moment before the browser has the new one.
const SECOND_LOOK_MS = 1500;

export class Session {
  readonly api = new Api(() => this.signedOut());
  state: State = FIRST;

  readonly #link: Link;
  #writes = new Map<string, { readonly what: string; readonly written: Promise<unknown> }>();
  #waiting = new Set<{ readonly name: string }>();
  readonly #listeners = new Set<(before: State, after: State) => void>();
  #toasts = 0;
  #detailTimer: number | undefined;
  #typedAt = 0;
  #stoppedTimer: number | undefined;

  constructor() {
    this.#link = new Link({
      frame: (frame) => this.#frame(frame),
      opened: () => this.#linked(),
      lost: () => this.#unlinked(),
    });
  }

  /** Called with the state before and after each change, until the returned function is called. */
  subscribe(listener: (before: State, after: State) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** With a session: the picture of the whole, and what changes from then on. */
  async start(): Promise<void> {
    if (!mayTake(this.state)) {
      this.show("history");
      this.happen({ is: "session", session: "signed_in" });
    } else if (!(await this.#begin())) {
      return;
    }
    const { subjects } = await this.quietly(this.api.get<{ subjects: Subject[] }>("/api/desk/subjects"), {
      subjects: [],
    });
    this.happen({ is: "subjects", subjects });
  }

  /** The picture of the whole; whether somebody is signed in. */
  async #begin(): Promise<boolean> {
    try {
      const overview = await this.api.get<Overview>("/api/desk/overview");
      this.#frame({ type: "snapshot", ...overview });
    } catch (error) {
      if (refusal(error).status === 401) {
        return false;
      }
      this.happen({ is: "session", session: "signed_in" });
      this.complain(error);
    }
    this.#link.open();
    return true;
  }

  /** Who is signed in, and the token that their writes carry. */
  known(me: Me): void {
    this.api.setCsrf(me.csrf);
    if (me.time_zone) {
      tellTimesOf(me.time_zone);
    }
    this.happen({ is: "account", account: me });
  }

  /** Nothing of this session is left for the next, whose it may be; what still waited is told. */
  signedOut(): void {
    const waiting = this.#waiting;
    this.#link.close();
    this.#writes = new Map();
    this.#waiting = new Set();
    this.happen({ is: "session", session: "signed_out" });
    for (const { name } of waiting) {
      this.notDone(name);
    }
  }

  reconnect(): void {
    this.#link.retry();
  }

  // -- what is on the screen --

  show(tab: Tab): void {
    this.happen({ is: "tab", tab });
  }

  dialog(dialog: State["dialog"]): void {
    this.happen({ is: "dialog", dialog });
  }

  /** Puts a conversation on the screen, or none. */
  open(id: string | null): void {
    if (this.state.open?.id === id || (id === null && this.state.open === null)) {
      return;
    }
    this.stopTyping();
    this.happen({ is: "opened", id });
    this.send({ type: "view", conversation_id: id });
    if (id !== null) {
      void this.#loadDetail(id);
      void this.#loadHelp(id);
    }
  }

  /** The conversation after or before the open one, in the order of the list. */
  step(by: 1 | -1): string | null {
    const { mine, waiting, others } = groups(this.state);
    const ids = [...mine, ...waiting, ...others].map((one) => placeOf(this.state, one));
    const at = ids.indexOf(this.state.open?.id ?? "");
    return ids[at < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(Math.max(at + by, 0), ids.length - 1)] ?? null;
  }

  // -- toasts --

  dismiss(id: number): void {
    this.happen({ is: "toast_gone", id });
  }

  tell(text: string, kind: "info" | "error" = "info"): void {
    this.#toasts += 1;
    const id = this.#toasts;
    this.happen({ is: "toast", toast: { id, kind, text } });
    if (kind === "info") {
      setTimeout(() => this.dismiss(id), TOAST_MS);
    }
  }

  protected complain(error: unknown): void {
    this.tell(refusal(error).message, "error");
  }

  // -- inside --

  protected happen(happening: Happening): void {
    const before = this.state;
    this.state = next(before, happening);
    if (this.state === before) {
      return;
    }
    const faults: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(before, this.state);
      } catch (fault) {
        faults.push(fault);
      }
    }
    // Told only now: a sound that cannot be played must not keep the others from hearing.
    if (faults.length > 0) {
      throw faults[0];
    }
  }

  #frame(frame: Frame): void {
    if (frame.type === "error" || frame.type === "call_failed") {
      this.tell(frame.text, "error");
      return;
    }
    if ("service" in frame && frame.service) {
      tellTimesOf(frame.service.time_zone);
    }
    const before = currentHandover(this.state)?.version;
    this.happen({ is: "frame", frame, at: Date.now() });
    const { open } = this.state;
    if (!open) {
      return;
    }
    if (frame.type === "message" && frame.conversation_id === open.id) {
      // The bot's view grows with the log; what helps to answer changes with the visitor's words.
      this.refreshDetail(open.id);
      if (frame.message.type === "person") {
        void this.#loadSuggestions(open.id);
      }
    } else if (before !== currentHandover(this.state)?.version) {
      this.refreshDetail(open.id);
    }
  }

  #linked(): void {
    if (this.state.link === "lost") {
      void this.#isSignedIn();
    }
    this.happen({ is: "link", link: "open" });
    const id = this.state.open?.id;
    if (id !== undefined) {
      this.send({ type: "view", conversation_id: id });
      this.refreshDetail(id);
    }
  }

  #unlinked(): void {
    this.happen({ is: "link", link: "lost" });
    // The server closes the socket of a session that has ended: ask why.
    void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    if (await this.#isSignedIn()) {
      const overview = await this.quietly(this.api.get<Overview>("/api/desk/overview"), null);
      // The new socket may have been quicker; its own picture is the newest, whatever its version.
      if (overview && this.state.session === "signed_in" && overview.version >= this.state.version) {
        this.#frame({ type: "snapshot", ...overview });
      }
    }
    if (this.state.session === "signed_out") {
      this.#link.close();
    }
  }

  #isAnother({ agent }: Me): boolean {
    return this.state.account !== null && this.state.account.agent.id !== agent.id;
  }

  /** Somebody else has signed in, in another tab: whose session this one has too. */
  async #startAs(me: Me): Promise<void> {
    this.signedOut();
    const { notDone } = this.state;
    if (me.pending) {
      return;
    }
    this.known(me);
    if (notDone.length > 0) {
      this.tell(texts.notDone.another(texts.list(notDone)), "error");
    }
    await this.start();
  }

  /** As far as can be told. Another tab may have begun a new session, with another token: it is this one's then. */
  async #isSignedIn(looks = 2): Promise<boolean> {
    try {
      const me = await this.api.ask<Me>("/api/accounts/me");
      if (this.state.session === "signed_in" && this.#isAnother(me)) {
        await this.#startAs(me);
        return false;
      }
      if (this.state.session === "signed_in") {
        this.known(me);
      }
      return this.state.session === "signed_in";
    } catch (error) {
      if (refusal(error).status !== 401 || this.state.session !== "signed_in") {
        return false;
      }
      if (looks === 1) {
        this.signedOut();
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_MS));
      return this.#isSignedIn(looks - 1);
    }
  }

  protected send(frame: SentFrame): void {
    this.#link.send(frame);
  }

  /** Whether the session of now is still the one: what is answered later is not for who has signed in since. */
  protected sameSession(): () => boolean {
    const writes = this.#writes;
    return () => this.#writes === writes;
  }

  /** `what`, in the words of `texts.notDone`, of a session that has ended. */
  protected notDone(what: string): void {
    this.happen({ is: "not_done", what });
  }

  /**
   * Null when it was refused, which the agent has then read, or pressed twice. `name` is for the agent, should it not
   * be done; `show` puts the answer on the screen, while the entity is still busy.
   *
   * `what` else is wanted of an entity while a write of it is under way waits for its turn: the desk's event often shows
   * what became of the first before its answer comes, and whoever presses the next key then means it.
   */
  protected async write<Body>(
    id: string,
    name: string,
    send: () => Promise<Body>,
    { what = "", show = () => {} }: { readonly what?: string; readonly show?: (body: Body) => void } = {},
  ): Promise<Body | null> {
    const before = this.#writes.get(id);
    if (before?.what === what) {
      return null;
    }
    const write = { what, written: this.#afterwards(before?.written, name, send, show) };
    this.#writes.set(id, write);
    try {
      this.happen({ is: "busy", id, on: true });
      return await write.written;
    } finally {
      if (this.#writes.get(id) === write) {
        this.#writes.delete(id);
        this.happen({ is: "busy", id, on: false });
      }
    }
  }

  /** What was pressed after something that was refused, or before signing out, was not meant for what is now. */
  async #afterwards<Body>(
    before: Promise<unknown> | undefined,
    name: string,
    send: () => Promise<Body>,
    show: (body: Body) => void,
  ): Promise<Body | null> {
    const isStill = this.sameSession();
    if (before) {
      const press = { name };
      this.#waiting.add(press);
      const done = await before.catch(() => null);
      this.#waiting.delete(press);
      if (done === null) {
        return null;
      }
    }
    let body: Body;
    try {
      body = await send();
    } catch (error) {
      if (isStill()) {
        this.complain(error);
      } else {
        this.notDone(name);
      }
      return null;
    }
    if (!isStill()) {
      return null;
    }
    show(body);
    return body;
  }

  protected async quietly<Body>(request: Promise<Body>, otherwise: Body): Promise<Body> {
    try {
      return await request;
    } catch {
      return otherwise;
    }
  }

  protected refreshDetail(id: string): void {
    if (this.state.open?.id === id) {
      clearTimeout(this.#detailTimer);
      this.#detailTimer = setTimeout(() => void this.#loadDetail(id), DETAIL_DELAY_MS);
    }
  }

  async #loadDetail(id: string): Promise<void> {
    try {
      const detail = await this.api.get<Detail>(`/api/desk/conversations/${part(id)}`);
      this.happen({ is: "detail", detail });
    } catch (error) {
      const { status, message } = refusal(error);
      if (status === 404 || !this.state.open?.detail) {
        this.happen({ is: "open_failed", id, problem: status === 404 ? texts.conversation.gone : message });
      }
    }
  }

  async #loadHelp(id: string): Promise<void> {
    void this.#loadSuggestions(id);
    const path = `/api/desk/canned?${new URLSearchParams({ conversation_id: id })}`;
    const { canned } = await this.quietly(this.api.get<{ canned: Canned[] }>(path), { canned: [] });
    this.happen({ is: "canned", id, canned });
  }

  async #loadSuggestions(id: string): Promise<void> {
    const path = `/api/desk/conversations/${part(id)}/suggestions`;
    const { suggestions } = await this.quietly(this.api.get<{ suggestions: Suggestion[] }>(path), { suggestions: [] });
    this.happen({ is: "suggestions", id, suggestions });
  }

  protected typing(id: string, on: boolean): void {
    const now = Date.now();
    if (!on) {
      this.stopTyping();
      return;
    }
    if (now - this.#typedAt > TYPING_MS) {
      this.#typedAt = now;
      this.send({ type: "typing", conversation_id: id, on: true });
    }
    clearTimeout(this.#stoppedTimer);
    this.#stoppedTimer = setTimeout(() => this.stopTyping(), TYPING_MS);
  }

  protected stopTyping(): void {
    clearTimeout(this.#stoppedTimer);
    const id = this.state.open?.id;
    if (this.#typedAt && id !== undefined) {
      this.send({ type: "typing", conversation_id: id, on: false });
    }
    this.#typedAt = 0;
  }
}

export function refusal(error: unknown): Refused {
  return error instanceof Refused ? error : new Refused(OFFLINE, "error", texts.errors.offline);
}

export function part(id: string): string {
  return encodeURIComponent(id);
}
