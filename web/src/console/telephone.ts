/**
 * The agent's telephone: takes calls, holds the softphone's end of one, and gets it back after a reload or a cut.
 *
 * The microphone is asked for before the call is: a refusal must cost nobody their place. From then on the desk's state
 * decides: whose call it is, and when it is over. Only one tab holds a call; the one that takes it last says so to the
 * others, which let go instead of taking it back.
 */

import { asking, endOf, endOfMine, isOver, myCall, type Phone, QUIET, ringing, waitBefore } from "./calls";
import type { Desk } from "./desk";
import { isAllowed, NoMicrophone } from "./microphone";
import { announce } from "./notices";
import { loadPreferences, rememberCall, rememberedCall } from "./preferences";
import { refusal } from "./session";
import { Softphone } from "./softphone";
import type { State } from "./state";
import { spokenEnd, texts } from "./texts";
import type { Callback, Handover, Way } from "./wire";

const FAREWELL_MS = 6000;
// A connection that holds so long was a good one: the next cut is a new matter.
const GOOD_MS = 10_000;
const MOST_CUTS = 6;
const HELD_HERE = "guichet-call";
const OVER: readonly string[] = ["over", "not_yours", "unknown_request"];

export class Telephone {
  state: Phone = QUIET;

  readonly #desk: Desk;
  readonly #softphone: Softphone;
  readonly #listeners = new Set<(after: Phone) => void>();
  readonly #tabs = new BroadcastChannel(HELD_HERE);
  #asks = 0;
  #cuts = 0;
  #goodTimer: number | undefined;
  #againTimer: number | undefined;
  #farewellTimer: number | undefined;
  #resumed = "";

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#softphone = new Softphone({
      on: () => this.state.stage !== "blocked" && this.#connected(),
      lost: () => this.#lost(),
      blocked: () => this.#set({ stage: "blocked" }),
      silent: (silent) => this.#set({ silent }),
    });
    this.#tabs.onmessage = ({ data }) => {
      if (data === this.state.id) {
        this.#letGo();
      }
    };
    desk.subscribe((before, after) => this.#follow(before, after));
    addEventListener("beforeunload", (event) => {
      if (this.state.id !== null) {
        event.preventDefault();
      }
    });
    // The gateway then knows at once, and the caller hears music instead of nothing.
    addEventListener("pagehide", () => this.#softphone.close());
  }

  subscribe(listener: (after: Phone) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // -- a call that waits --

  /** Whether it is mine now. */
  async accept(call: Handover, way: Way): Promise<boolean> {
    if (this.state.id !== null || myCall(this.#desk.state)) {
      this.#desk.tell(texts.calls.oneAtATime, "error");
      return false;
    }
    if (way !== "browser") {
      return this.#desk.take(call, { way });
    }
    if (!(await this.#openFor(call))) {
      return false;
    }
    this.#set({ stage: "claiming" });
    if (!(await this.#desk.take(call, { way }))) {
      this.#letGo();
      return false;
    }
    void this.#connect();
    return true;
  }

  /** The microphone first, here too: nobody is called for an agent who cannot be heard. Whether it is begun. */
  async callBack(callback: Callback, way: Way): Promise<boolean> {
    if (this.state.id !== null || myCall(this.#desk.state)) {
      this.#desk.tell(texts.calls.oneAtATime, "error");
      return false;
    }
    if (way !== "browser") {
      return (await this.#desk.callBack(callback, way)) !== null;
    }
    if (!(await this.#openFor(callback))) {
      return false;
    }
    this.#set({ stage: "claiming" });
    const id = await this.#desk.callBack(callback, way);
    if (id === null) {
      this.#letGo();
      return false;
    }
    this.#set({ id });
    void this.#connect();
    return true;
  }

  /** What was offered to me goes on to somebody else; for what everybody may take, I am not rung any more. */
  decline(call: Handover): void {
    if (asking(this.state, this.#desk.state)?.id === call.id) {
      this.#letGo();
    }
    if (call.state === "offered") {
      void this.#desk.decline(call);
    } else {
      this.#set({ hushed: [...this.state.hushed, call.id] });
    }
    this.#set({ problem: null });
  }

  forget(): void {
    this.#set({ problem: null, farewell: null });
  }

  // -- my call --

  /** Takes the sound to this tab: after a reload, from another tab, or once more after a fault. */
  async resume(): Promise<void> {
    const call = myCall(this.#desk.state);
    if (this.state.stage === "blocked") {
      if (await this.#softphone.play()) {
        this.#connected();
      }
    } else if (call && (this.state.id === call.id || (this.state.id === null && (await this.#openFor(call))))) {
      await this.#connect();
    }
  }

  mute(on = !this.state.muted): void {
    if (this.state.id !== null) {
      this.#softphone.mute(on);
      this.#set({ muted: on, silent: false });
      announce(on ? texts.calls.announce.muted : texts.calls.announce.unmuted);
    }
  }

  async microphone(device: string): Promise<void> {
    if (this.state.id === null) {
      return;
    }
    try {
      await this.#softphone.useMicrophone(device);
      if (this.state.problem?.kind !== "server") {
        this.#set({ problem: null });
      }
    } catch (error) {
      this.#noMicrophone(error, this.state.id);
    }
  }

  speaker(device: string): void {
    void this.#softphone.useSpeaker(device);
  }

  /** Of my microphone, 0 to 1. */
  level(): number {
    return this.#softphone.level();
  }

  // -- inside --

  #set(change: Partial<Phone>): void {
    const after = { ...this.state, ...change };
    if (Object.entries(change).some(([name, value]) => this.state[name as keyof Phone] !== value)) {
      this.state = after;
      for (const listener of this.#listeners) {
        listener(after);
      }
    }
  }

  /** With the microphone open, the call is this tab's to take. */
  async #openFor(call: { readonly id: string }): Promise<boolean> {
    this.#asks += 1;
    const asked = this.#asks;
    // An answer may come late: to a question that was let go, and asked again.
    const isWanted = () => asked === this.#asks && this.state.id === call.id;
    this.#set({ id: call.id, stage: "asking", problem: null, farewell: null, muted: false, silent: false });
    const { microphone, speaker } = loadPreferences();
    try {
      await this.#softphone.open(microphone, speaker);
    } catch (error) {
      if (isWanted()) {
        this.#letGo();
        this.#noMicrophone(error, call.id);
      }
      return false;
    }
    this.#cuts = 0;
    return isWanted();
  }

  /** Where the problem is shown, it is an alert: it needs no announcement. */
  #noMicrophone(error: unknown, id: string | null): void {
    const kind = error instanceof NoMicrophone ? error.fault : "other";
    this.#set({ problem: { id: id ?? "", kind, text: "" } });
  }

  async #connect(): Promise<void> {
    const { id } = this.state;
    if (id === null) {
      return;
    }
    clearTimeout(this.#againTimer);
    rememberCall(id);
    this.#tabs.postMessage(id);
    this.#set({ stage: this.#cuts > 0 ? "lost" : "connecting", problem: null });
    try {
      await this.#softphone.connect((offer) => this.#desk.softphone(id, offer));
    } catch (error) {
      this.#notConnected(id, error);
    }
  }

  #notConnected(id: string, error: unknown): void {
    if (this.state.id !== id) {
      return;
    }
    if (error instanceof NoMicrophone) {
      this.#letGo();
      this.#noMicrophone(error, id);
      return;
    }
    const { status, code, message } = refusal(error);
    if (OVER.includes(code)) {
      this.#letGo();
    } else if (code === "no_softphone" || (status >= 400 && status < 500)) {
      this.#set({ stage: "failed", problem: { id, kind: "server", text: message } });
    } else {
      this.#lost();
    }
  }

  #connected(): void {
    if (this.state.id === null) {
      return;
    }
    this.#set({ stage: "on", problem: null });
    clearTimeout(this.#goodTimer);
    this.#goodTimer = setTimeout(() => {
      this.#cuts = 0;
    }, GOOD_MS);
  }

  #lost(): void {
    if (this.state.id === null) {
      return;
    }
    clearTimeout(this.#goodTimer);
    this.#cuts += 1;
    if (this.#cuts > MOST_CUTS) {
      this.#set({ stage: "failed" });
      return;
    }
    this.#set({ stage: "lost" });
    this.#againTimer = setTimeout(() => void this.#connect(), waitBefore(this.#cuts - 1));
  }

  #letGo(): void {
    rememberCall("");
    clearTimeout(this.#againTimer);
    clearTimeout(this.#goodTimer);
    this.#softphone.close();
    this.#cuts = 0;
    this.#set({ id: null, stage: "idle", muted: false, silent: false });
  }

  #follow(before: State, after: State): void {
    const mine = myCall(after);
    const asked = asking(this.state, before);
    this.#ending(before, after, mine);
    if (isOver(this.state, before, after)) {
      this.#letGo();
    } else if (this.state.id === null && mine && mine.id !== this.#resumed) {
      this.#resumed = mine.id;
      void this.#resumeAlone(mine);
    }
    this.#farewells(before, after, this.state.id === null ? asked : null);
  }

  /** After a reload: when this tab held the call, and nothing has to be asked. */
  async #resumeAlone(call: Handover): Promise<void> {
    if (rememberedCall() === call.id && (await isAllowed()) && this.state.id === null) {
      await this.resume();
    }
  }

  #ending(before: State, after: State, mine: Handover | null): void {
    const was = myCall(before);
    // What I do myself tells its own story.
    if (!was || mine || after.session !== "signed_in" || after.busy.includes(was.id)) {
      return;
    }
    const end = endOfMine(was, after);
    if (end === "left") {
      this.#desk.tell(texts.calls.callerLeft);
    } else if (end === "passed") {
      this.#desk.tell(texts.calls.passedOn);
    } else if (end === "lost" && this.state.id === was.id) {
      this.#desk.tell(texts.calls.backInQueue, "error");
    }
  }

  /** `asked`: the call whose microphone question has just been let go; its card is the one on the screen. */
  #farewells(before: State, after: State, asked: Handover | null): void {
    const rang = asked ?? ringing(before, this.state.hushed)[0];
    if (!rang || after.session !== "signed_in" || this.state.id === rang.id || after.busy.includes(rang.id)) {
      return;
    }
    if (ringing(after, this.state.hushed).some(({ id }) => id === rang.id)) {
      return;
    }
    const end = endOf(rang, after);
    if (end) {
      this.#set({ farewell: { id: rang.id, end }, problem: null });
      announce(spokenEnd(end));
      clearTimeout(this.#farewellTimer);
      this.#farewellTimer = setTimeout(() => this.#set({ farewell: null }), FAREWELL_MS);
    }
  }
}
