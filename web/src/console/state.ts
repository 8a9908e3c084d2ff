/**
 * What the console knows, and what each thing that happens makes of it. Pure: no network, no clock, no DOM.
 *
 * The server is right about everything that others see too (queue, agents, callbacks, messages); what is only ours is
 * a draft, a search, what is on the screen. A message that was typed is `outgoing` until it is seen in the log.
 */

import type { Me } from "./accounts";
import { byTurn, LIVE, merged, put, replaced, sortedCallbacks } from "./merge";
import type {
  Agent,
  Callback,
  Canned,
  Changes,
  Detail,
  Found,
  Frame,
  Handover,
  LogMessage,
  Note,
  Overview,
  Person,
  Service,
  Subject,
  Suggestion,
  WrittenMessage,
} from "./wire";

export type Tab = "queue" | "callbacks" | "messages" | "history" | "accounts" | "audit" | "profile";

/** A message of ours on its way; `seq` once the server has it. */
export interface Outgoing {
  readonly client_id: string;
  readonly text: string;
  readonly state: "sending" | "sent" | "failed";
  readonly seq?: number;
  readonly problem?: string;
}

export interface Open {
  readonly id: string;
  readonly detail: Detail | null;
  /** Why it cannot be shown. */
  readonly problem: string;
  readonly suggestions: readonly Suggestion[] | null;
  readonly canned: readonly Canned[] | null;
  readonly typing: readonly Person[];
  readonly outgoing: readonly Outgoing[];
}

export interface Search {
  readonly q: string;
  readonly channel: "" | "web" | "phone";
  readonly verdict: string;
  readonly onlyPeople: boolean;
}

export interface History {
  readonly search: Search;
  readonly found: readonly Found[] | null;
  readonly next: string | null;
  readonly loading: boolean;
  readonly problem: string;
}

export interface Toast {
  readonly id: number;
  readonly kind: "info" | "error";
  readonly text: string;
}

export type DialogName = "shortcuts" | "preferences" | "transfer" | "promise" | "calls" | null;

export interface State {
  readonly session: "unknown" | "signed_out" | "signed_in";
  readonly link: "connecting" | "open" | "lost";
  /** Server's clock less ours, in milliseconds. */
  readonly clockAhead: number;
  readonly me: Agent | null;
  /** Who is signed in, and what they may do. */
  readonly account: Me | null;
  readonly service: Service | null;
  /** Of the newest picture or change that the server sent. */
  readonly version: number;
  readonly handovers: readonly Handover[];
  /** Requests that were in the list last: an answer that comes late brings none of them back. */
  readonly gone: readonly string[];
  readonly agents: readonly Agent[];
  readonly callbacks: readonly Callback[];
  readonly messages: readonly WrittenMessage[];
  readonly subjects: readonly Subject[];
  readonly tab: Tab;
  readonly open: Open | null;
  readonly drafts: Readonly<Record<string, string>>;
  /** What was written in conversations that are not on the screen, and is on its way or has failed. */
  readonly unsent: Readonly<Record<string, readonly Outgoing[]>>;
  readonly history: History;
  readonly dialog: DialogName;
  readonly toasts: readonly Toast[];
  /** Entities with a write of ours under way. */
  readonly busy: readonly string[];
  /** What was pressed in the session that has ended and was not done, until somebody signs in. */
  readonly notDone: readonly string[];
}

const MOST_GONE = 100;

export const EMPTY_SEARCH: Search = { q: "", channel: "", verdict: "", onlyPeople: true };

export const FIRST: State = {
  session: "unknown",
  link: "connecting",
  clockAhead: 0,
  me: null,
  account: null,
  service: null,
  version: 0,
  handovers: [],
  gone: [],
  agents: [],
  callbacks: [],
  messages: [],
  subjects: [],
  tab: "queue",
  open: null,
  drafts: {},
  unsent: {},
  history: { search: EMPTY_SEARCH, found: null, next: null, loading: false, problem: "" },
  dialog: null,
  toasts: [],
  busy: [],
  notDone: [],
};

export type Happening =
  | { readonly is: "session"; readonly session: State["session"] }
  | { readonly is: "link"; readonly link: State["link"] }
  | { readonly is: "frame"; readonly frame: Frame; readonly at: number }
  | { readonly is: "put"; readonly handover: Handover }
  | { readonly is: "callback_put"; readonly callback: Callback }
  | { readonly is: "message_put"; readonly message: WrittenMessage }
  | { readonly is: "me"; readonly me: Agent }
  | { readonly is: "account"; readonly account: Me }
  | { readonly is: "subjects"; readonly subjects: readonly Subject[] }
  | { readonly is: "tab"; readonly tab: Tab }
  | { readonly is: "opened"; readonly id: string | null }
  | { readonly is: "detail"; readonly detail: Detail }
  | { readonly is: "open_failed"; readonly id: string; readonly problem: string }
  | { readonly is: "suggestions"; readonly id: string; readonly suggestions: readonly Suggestion[] }
  | { readonly is: "canned"; readonly id: string; readonly canned: readonly Canned[] }
  | { readonly is: "note"; readonly id: string; readonly note: Note }
  | { readonly is: "draft"; readonly id: string; readonly text: string }
  | { readonly is: "outgoing"; readonly id: string; readonly message: Outgoing }
  | { readonly is: "search"; readonly search: Search }
  | { readonly is: "searching" }
  | {
      readonly is: "found";
      readonly search: Search;
      readonly found: readonly Found[];
      readonly next: string | null;
      readonly more: boolean;
    }
  | { readonly is: "search_failed"; readonly problem: string }
  | { readonly is: "dialog"; readonly dialog: DialogName }
  | { readonly is: "toast"; readonly toast: Toast }
  | { readonly is: "toast_gone"; readonly id: number }
  | { readonly is: "busy"; readonly id: string; readonly on: boolean }
  | { readonly is: "not_done"; readonly what: string };

export function next(state: State, happening: Happening): State {
  switch (happening.is) {
    case "session":
      return happening.session === "signed_out"
        ? { ...FIRST, session: "signed_out", notDone: state.notDone }
        : { ...state, session: happening.session };
    case "link":
      return { ...state, link: happening.link };
    case "frame":
      return framed(state, happening.frame, happening.at);
    case "put":
      return state.gone.includes(happening.handover.id)
        ? state
        : withHandovers(state, put(state.handovers, happening.handover));
    case "callback_put":
      return { ...state, callbacks: sortedCallbacks(put(state.callbacks, happening.callback)) };
    case "message_put":
      return { ...state, messages: put(state.messages, happening.message) };
    case "me":
      return { ...state, me: happening.me, agents: put(state.agents, happening.me) };
    case "account":
      return { ...state, account: happening.account, notDone: [] };
    case "subjects":
      return { ...state, subjects: happening.subjects };
    case "tab":
      return { ...state, tab: happening.tab };
    case "opened":
      return onScreen(state, happening.id);
    case "outgoing":
      return state.open?.id === happening.id
        ? { ...state, open: inOpen(state.open, happening) }
        : {
            ...state,
            unsent: kept(state.unsent, happening.id, outgoing(state.unsent[happening.id] ?? [], happening.message)),
          };
    case "dialog":
      return { ...state, dialog: happening.dialog };
    case "draft":
      return { ...state, drafts: drafted(state.drafts, happening.id, happening.text) };
    case "toast":
      return { ...state, toasts: [...state.toasts, happening.toast].slice(-3) };
    case "toast_gone":
      return { ...state, toasts: state.toasts.filter(({ id }) => id !== happening.id) };
    case "busy": {
      const others = state.busy.filter((id) => id !== happening.id);
      return { ...state, busy: happening.on ? [...others, happening.id] : others };
    }
    case "not_done":
      return state.session === "signed_out" && !state.notDone.includes(happening.what)
        ? { ...state, notDone: [...state.notDone, happening.what] }
        : state;
    case "search":
    case "searching":
    case "found":
    case "search_failed":
      return { ...state, history: searched(state.history, happening) };
    default:
      return state.open === null ? state : { ...state, open: inOpen(state.open, happening) };
  }
}

// -- inside --

function framed(state: State, frame: Frame, at: number): State {
  switch (frame.type) {
    case "snapshot":
      return snapshot(state, frame, at);
    case "changes":
      return changed(state, frame, at);
    case "message":
      return frame.conversation_id === state.open?.id
        ? { ...state, open: withMessage(state.open, frame.message) }
        : state;
    case "note":
      return frame.conversation_id === state.open?.id
        ? { ...state, open: inOpen(state.open, { is: "note", id: frame.conversation_id, note: frame.note }) }
        : state;
    case "agent_typing": {
      if (frame.conversation_id !== state.open?.id || frame.agent.id === state.me?.id) {
        return state;
      }
      const others = state.open.typing.filter(({ id }) => id !== frame.agent.id);
      return { ...state, open: { ...state.open, typing: frame.on ? [...others, frame.agent] : others } };
    }
    default:
      return state;
  }
}

function snapshot(
  state: State,
  { version, me, service, handovers, agents, callbacks, messages, now }: Overview,
  at: number,
): State {
  const clockAhead = Date.parse(now) - at;
  const known = { ...state, session: "signed_in" as const, clockAhead, version, me, service, agents, messages };
  return withHandovers({ ...known, callbacks: sortedCallbacks(callbacks) }, handovers);
}

function changed(state: State, changes: Changes, at: number): State {
  const after: State = {
    ...state,
    clockAhead: Date.parse(changes.now) - at,
    version: changes.version,
    me: changes.me ?? state.me,
    service: changes.service ?? state.service,
    agents: merged(state.agents, changes.agents),
    callbacks: sortedCallbacks(merged(state.callbacks, changes.callbacks)),
    messages: merged(state.messages, changes.messages),
  };
  return changes.handovers ? withHandovers(after, merged(state.handovers, changes.handovers)) : after;
}

function withHandovers(state: State, handovers: readonly Handover[]): State {
  const live = handovers.filter((one) => LIVE.has(one.state));
  const ids = new Set(live.map(({ id }) => id));
  const gone = [...state.gone, ...state.handovers.map(({ id }) => id)].filter((id) => !ids.has(id));
  return { ...state, handovers: [...live].sort(byTurn), gone: gone.slice(-MOST_GONE) };
}

/** Another conversation, or none: what is on its way in the one before is kept. */
function onScreen(state: State, id: string | null): State {
  const unsent = state.open ? kept(state.unsent, state.open.id, state.open.outgoing) : state.unsent;
  if (id === null) {
    return { ...state, unsent, open: null, dialog: null };
  }
  const open = {
    id,
    detail: null,
    problem: "",
    suggestions: null,
    canned: null,
    typing: [],
    outgoing: unsent[id] ?? [],
  };
  return { ...state, unsent: kept(unsent, id, []), open, dialog: null };
}

function kept(unsent: State["unsent"], id: string, messages: readonly Outgoing[]): State["unsent"] {
  const { [id]: _, ...others } = unsent;
  return messages.length > 0 ? { ...others, [id]: messages } : others;
}

function inOpen(open: Open, happening: Happening): Open {
  if (!("id" in happening ? happening.id === open.id : happening.is === "detail" && happening.detail.id === open.id)) {
    return open;
  }
  switch (happening.is) {
    case "detail":
      return settled({ ...open, detail: happening.detail, problem: "" });
    case "open_failed":
      return { ...open, problem: happening.problem };
    case "suggestions":
      return { ...open, suggestions: happening.suggestions };
    case "canned":
      return { ...open, canned: happening.canned };
    case "note":
      return open.detail ? { ...open, detail: withNote(open.detail, happening.note) } : open;
    case "outgoing":
      return settled({ ...open, outgoing: outgoing(open.outgoing, happening.message) });
    default:
      return open;
  }
}

function withNote(detail: Detail, note: Note): Detail {
  return detail.notes.some(({ id }) => id === note.id) ? detail : { ...detail, notes: [...detail.notes, note] };
}

function withMessage(open: Open, message: LogMessage): Open {
  if (!open.detail) {
    return open;
  }
  const others = open.detail.messages.filter(({ seq }) => seq !== message.seq);
  const messages = [...others, message].sort((a, b) => a.seq - b.seq);
  return settled({ ...open, detail: { ...open.detail, messages } });
}

function outgoing(list: readonly Outgoing[], message: Outgoing): readonly Outgoing[] {
  const at = list.findIndex(({ client_id }) => client_id === message.client_id);
  return at < 0 ? [...list, message] : replaced(list, at, message);
}

/** What is in the log is no longer on its way. */
function settled(open: Open): Open {
  const seen = new Set(open.detail?.messages.map(({ seq }) => seq));
  const left = open.outgoing.filter(({ seq }) => seq === undefined || !seen.has(seq));
  return left.length === open.outgoing.length ? open : { ...open, outgoing: left };
}

function drafted(drafts: State["drafts"], id: string, text: string): State["drafts"] {
  const { [id]: _, ...others } = drafts;
  return text ? { ...others, [id]: text } : others;
}

function searched(history: History, happening: Happening): History {
  switch (happening.is) {
    case "search":
      return { ...history, search: happening.search };
    case "searching":
      return { ...history, loading: true, problem: "" };
    case "found":
      if (happening.search !== history.search) {
        return history; // an answer to an older question
      }
      return {
        ...history,
        loading: false,
        problem: "",
        found: happening.more ? [...(history.found ?? []), ...happening.found] : happening.found,
        next: happening.next,
      };
    case "search_failed":
      return { ...history, loading: false, problem: happening.problem };
    default:
      return history;
  }
}
