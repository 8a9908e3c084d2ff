/**
 * What the agent can do.
 *
 * Each action is awaited by nobody: it shows what has become of it in the state, or a sentence in a toast.
 */

import { filterOf } from "./exporting";
import { currentHandover, isMine } from "./looks";
import { announce } from "./notices";
import { part, refusal, Session } from "./session";
import type { Search, Tab } from "./state";
import { texts } from "./texts";
import type {
  Agent,
  Callback,
  Figures,
  Found,
  Handover,
  Note,
  Slot,
  Suggestion,
  Verdict,
  Way,
  WrittenMessage,
} from "./wire";

const HISTORY_PAGE = 30;

type Named = typeof texts.notDone.handover;
/** What is asked of a request. */
type Action = Exclude<keyof Named, "unhold">;

export interface Judgement {
  readonly verdict: Verdict | "";
  readonly intent?: string;
  readonly note?: string;
}

export class Desk extends Session {
  // -- requests --

  /** `by`: of a call, how (docs/desk.md). */
  async take(handover: Handover, by: { way?: Way; phone?: string } = {}): Promise<boolean> {
    const taken = await this.#handover(handover.id, "take", by);
    if (taken) {
      announce(texts.announce.taken);
    }
    return taken !== null;
  }

  async decline(handover: Handover): Promise<void> {
    await this.#handover(handover.id, "decline");
  }

  async giveBack(handover: Handover): Promise<void> {
    if (await this.#handover(handover.id, "return")) {
      announce(texts.announce.returned);
    }
  }

  async finish(handover: Handover): Promise<void> {
    await this.#handover(handover.id, "close");
  }

  async transfer(handover: Handover, to: { agent_id: string } | { team: string }, note: string): Promise<boolean> {
    const body = note.trim() ? { ...to, note: note.trim() } : to;
    const done = await this.#handover(handover.id, "transfer", body);
    if (done) {
      announce(texts.announce.transferred);
    }
    return done !== null;
  }

  async hold(handover: Handover, on: boolean): Promise<void> {
    await this.#handover(handover.id, "hold", { on }, on ? "hold" : "unhold");
  }

  /** The other side's answer to a softphone's offer; what it refuses is thrown. */
  async softphone(id: string, offer: string): Promise<string> {
    const { sdp } = await this.api.post<{ sdp: string }>(`/api/desk/handovers/${part(id)}/softphone`, { sdp: offer });
    return sdp;
  }

  async wrapUp(handover: Handover, judgement: Judgement): Promise<boolean> {
    const done = await this.#handover(handover.id, "wrap_up", judgement);
    if (done) {
      announce(texts.announce.concluded);
      this.refreshDetail(handover.conversation_id);
    }
    return done !== null;
  }

  // -- the open conversation --

  draft(id: string, text: string): void {
    this.happen({ is: "draft", id, text });
    if (currentHandover(this.state)?.state === "active" && isMine(this.state, currentHandover(this.state))) {
      this.typing(id, text !== "");
    }
  }

  /** Into the draft, where the agent can still change it. */
  insert(id: string, text: string): void {
    const before = this.state.drafts[id] ?? "";
    this.draft(id, before.trim() ? `${before.trimEnd()}\n${text}` : text);
    announce(texts.announce.inserted);
  }

  async say(id: string, text: string, client_id: string = crypto.randomUUID()): Promise<void> {
    const said = text.trim();
    if (!said) {
      return;
    }
    const isStill = this.sameSession();
    const message = { client_id, text: said };
    this.happen({ is: "outgoing", id, message: { ...message, state: "sending" } });
    // Of one that is sent once more, the reply that is being written is another.
    if (this.state.drafts[id]?.trim() === said) {
      this.happen({ is: "draft", id, text: "" });
    }
    this.stopTyping();
    try {
      const { seq } = await this.api.post<{ seq: number }>(`/api/desk/conversations/${part(id)}/messages`, message);
      if (!isStill()) {
        return;
      }
      this.happen({ is: "outgoing", id, message: { ...message, state: "sent", seq } });
      this.refreshDetail(id);
    } catch (error) {
      if (!isStill()) {
        this.notDone(texts.notDone.say);
        return;
      }
      const problem = refusal(error).message;
      this.happen({ is: "outgoing", id, message: { ...message, state: "failed", problem } });
      if (this.state.open?.id !== id) {
        this.tell(texts.composer.notSent(problem), "error");
      }
    }
  }

  async note(id: string, text: string): Promise<boolean> {
    const note = await this.write(`note:${id}`, texts.notDone.note, () =>
      this.api.post<Note>(`/api/desk/conversations/${part(id)}/notes`, { text: text.trim() }),
    );
    if (note) {
      this.happen({ is: "note", id, note });
      announce(texts.announce.noteAdded);
    }
    return note !== null;
  }

  async annotate(id: string, judgement: Judgement): Promise<boolean> {
    const done = await this.write(`annotation:${id}`, texts.notDone.annotate, () =>
      this.api.post(`/api/desk/conversations/${part(id)}/annotations`, judgement),
    );
    this.refreshDetail(id);
    return done !== null;
  }

  async answers(q: string): Promise<readonly Suggestion[]> {
    const path = `/api/desk/answers?${new URLSearchParams({ q })}`;
    return (await this.quietly(this.api.get<{ suggestions: Suggestion[] }>(path), { suggestions: [] })).suggestions;
  }

  // -- presence --

  async presence(change: { status?: Agent["status"]; capacity?: number; takes_calls?: boolean }): Promise<boolean> {
    const entity = change.takes_calls === undefined ? "presence" : "takes_calls"; // two switches, pressed one after the other
    const send = () => this.api.put<Agent>("/api/desk/presence", change);
    const me = await this.write(entity, texts.notDone[entity], send, { what: JSON.stringify(change) });
    if (me) {
      this.#iAm(me, change);
      if (change.status) {
        announce(texts.announce.presence(change.status === "available"));
      }
      if (change.takes_calls !== undefined) {
        announce(texts.calls.announce.takes(change.takes_calls));
      }
    }
    return me !== null;
  }

  /** Where I am rung; the answer is what is wrong with it, if anything. */
  async number(phone: string): Promise<string> {
    const isStill = this.sameSession();
    try {
      const me = await this.api.put<Agent>("/api/desk/presence", { phone });
      if (isStill()) {
        this.#iAm(me, { phone });
      }
      return "";
    } catch (error) {
      return refusal(error).message;
    }
  }

  /** An answer is who I was then. Of two that cross on their way each is right about what it was asked to change. */
  #iAm(me: Agent, change: Partial<Agent>): void {
    const now = this.state.me;
    const changed = Object.fromEntries(Object.entries(me).filter(([name]) => name in change));
    this.happen({ is: "me", me: now ? { ...now, ...changed } : me });
  }

  // -- callbacks and messages --

  async callback(
    callback: Callback,
    action: "dial" | "kept" | "missed" | "cancel" | "again",
    body: object = {},
  ): Promise<boolean> {
    const after = await this.write(callback.id, texts.notDone.callback[action], () =>
      this.api.post<Callback>(`/api/desk/callbacks/${part(callback.id)}/${action}`, body),
    );
    if (after) {
      this.happen({ is: "callback_put", callback: after });
    }
    return after !== null;
  }

  /** Calls back myself, in this way; the call is then mine, and its id is the answer. */
  async callBack(callback: Callback, way: Way): Promise<string | null> {
    for (const { id } of this.state.toasts) {
      this.dismiss(id); // what became of the last attempt
    }
    const begun = await this.write(callback.id, texts.notDone.callBack, () =>
      this.api.post<Callback & { call: Handover }>(`/api/desk/callbacks/${part(callback.id)}/dial`, { way }),
    );
    if (!begun) {
      return null;
    }
    const { call, ...after } = begun;
    this.happen({ is: "callback_put", callback: after });
    this.happen({ is: "put", handover: call });
    return call.id;
  }

  /** An answering machine picked up: hangs up, and nobody has been spoken with. */
  async machine(call: Handover, promise: Callback): Promise<void> {
    if (await this.callback(promise, "missed")) {
      await (call.state === "wrap_up" ? this.wrapUp(call, { verdict: "" }) : this.finish(call));
    }
  }

  async promise(conversation_id: string, name: string, number: string, slot_id: string): Promise<boolean> {
    const body = { conversation_id, name, number, ...(slot_id ? { slot_id } : {}) };
    const send = () => this.api.post<Callback>("/api/desk/callbacks", body);
    const callback = await this.write("promise", texts.notDone.promise, send);
    if (callback) {
      this.happen({ is: "callback_put", callback });
      this.tell(texts.callbacks.promised);
    }
    return callback !== null;
  }

  async slots(): Promise<readonly Slot[]> {
    return (await this.quietly(this.api.get<{ slots: Slot[] }>("/api/desk/slots"), { slots: [] })).slots;
  }

  async message(message: WrittenMessage, action: "done" | "reopen", note = ""): Promise<void> {
    const after = await this.write(message.id, texts.notDone.message[action], () =>
      this.api.post<WrittenMessage>(`/api/desk/messages/${part(message.id)}/${action}`, note ? { note } : {}),
    );
    if (after) {
      this.happen({ is: "message_put", message: after });
    }
  }

  // -- history --

  override show(tab: Tab): void {
    super.show(tab);
    if (tab === "history" && this.state.history.found === null) {
      void this.search(this.state.history.search);
    }
  }

  async search(search: Search, more = false): Promise<void> {
    const before = more ? this.state.history.next : null;
    this.happen({ is: "search", search });
    this.happen({ is: "searching" });
    const query = filterOf(search);
    query.set("limit", String(HISTORY_PAGE));
    if (before) {
      query.set("before", before);
    }
    try {
      const page = await this.api.get<{ conversations: Found[]; next: string | null }>(
        `/api/desk/conversations?${query}`,
      );
      this.happen({ is: "found", search, found: page.conversations, next: page.next, more });
    } catch (error) {
      this.happen({ is: "search_failed", problem: refusal(error).message });
    }
  }

  async figures(): Promise<Figures | null> {
    return this.quietly<Figures | null>(this.api.get<Figures>("/api/desk/figures?days=7"), null);
  }

  #handover(id: string, action: Action, body: object = {}, name: keyof Named = action): Promise<Handover | null> {
    const send = () => this.api.post<Handover>(`/api/desk/handovers/${part(id)}/${action}`, body);
    const show = (handover: Handover) => {
      this.happen({ is: "put", handover });
      this.refreshDetail(handover.conversation_id);
    };
    return this.write(id, texts.notDone.handover[name], send, { what: action + JSON.stringify(body), show });
  }
}
