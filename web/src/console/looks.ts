/** What can be told from the state: whose a request is, who else looks, how much is left to do. Pure. */

import type { State } from "./state";
import type { Callback, Handover, Person, Subject } from "./wire";

/** Mine first (offered, active, to be written up), then those who wait, then what colleagues have. */
export function groups(state: State): { mine: Handover[]; waiting: Handover[]; others: Handover[] } {
  const me = state.me?.id;
  const mine: Handover[] = [];
  const waiting: Handover[] = [];
  const others: Handover[] = [];
  for (const one of state.handovers) {
    const group =
      one.agent?.id === me && me !== undefined
        ? mine
        : one.state === "queued" || one.state === "requested"
          ? waiting
          : others;
    group.push(one);
  }
  mine.sort((a, b) => MINE_ORDER.indexOf(a.state) - MINE_ORDER.indexOf(b.state));
  return { mine, waiting, others };
}

const MINE_ORDER: readonly string[] = ["offered", "active", "wrap_up"];

/** The request that the open conversation is about: one that is under way, or the latest. */
export function currentHandover(state: State): Handover | null {
  const { open } = state;
  if (!open) {
    return null;
  }
  const live =
    state.handovers.find((one) => promiseOf(state, one)?.conversation_id === open.id && isMine(state, one)) ??
    state.handovers.find(({ conversation_id }) => conversation_id === open.id);
  return live ?? open.detail?.handovers.at(-1) ?? null;
}

/** What a call keeps that an agent makes; null for every other request. */
export function promiseOf(state: State, { id, reason }: Handover): Callback | null {
  return (reason === "callback" && state.callbacks.find(({ call_id }) => call_id === id)) || null;
}

/** The conversation to read beside a request: of a call back, the one in which it was promised. */
export function placeOf(state: State, handover: Handover): string {
  return promiseOf(state, handover)?.conversation_id ?? handover.conversation_id;
}

export function isMine(state: State, handover: Handover | null): boolean {
  return handover?.agent != null && handover.agent.id === state.me?.id;
}

/** Whether the agent may write to the visitor now. */
export function canWrite(state: State): boolean {
  const handover = currentHandover(state);
  return handover?.state === "active" && handover.channel === "web" && isMine(state, handover);
}

/** Whether this person works at the desk; who does not (an editor) reads what has been. */
export function mayTake(state: State): boolean {
  return state.account?.permissions.includes("desk.take") ?? false;
}

export function mayManage(state: State): boolean {
  return state.account?.permissions.includes("accounts.manage") ?? false;
}

export function mayAudit(state: State): boolean {
  return state.account?.permissions.includes("audit.read") ?? false;
}

export function mayExport(state: State): boolean {
  return state.account?.permissions.includes("conversations.export") ?? false;
}

export function titleOf(subjects: readonly Subject[], intent: string | null): string {
  return subjects.find((subject) => subject.intent === intent)?.title ?? intent ?? "";
}

/** Who else has the open conversation on the screen. */
export function viewers(state: State): Person[] {
  const id = state.open?.id;
  return id === undefined ? [] : state.agents.filter((agent) => agent.viewing === id && agent.id !== state.me?.id);
}

export function dueCallbacks(state: State): number {
  return state.callbacks.filter(({ state: is }) => is === "promised" || is === "dialling").length;
}

export function newMessages(state: State): number {
  return state.messages.filter(({ state: is }) => is === "new").length;
}
