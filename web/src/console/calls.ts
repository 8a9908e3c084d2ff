/**
 * Calls, as the state tells them: which one rings for me, which is mine, how it stands, why it rings no more. Pure.
 *
 * One rule above all: who is on the telephone is rung for nothing else.
 */

import { isMine } from "./looks";
import type { State } from "./state";
import type { Handover, Way } from "./wire";

/** What this tab does on the telephone; `id`: the call that it takes or holds with its softphone. */
export interface Phone {
  readonly id: string | null;
  readonly stage: Stage;
  readonly muted: boolean;
  /** The microphone gives nothing at all: unplugged, or switched off at the headset. */
  readonly silent: boolean;
  readonly problem: PhoneProblem | null;
  /** Waiting calls that I do not want to be rung for. */
  readonly hushed: readonly string[];
  readonly farewell: Farewell | null;
}

/**
 * `asking`: for the microphone, nothing is taken yet. `claiming`: the desk is asked for the call. `connecting`, `on`,
 * `lost` (connecting again by itself), `blocked` (the browser plays no sound before a press), `failed` (a press tries
 * again).
 */
export type Stage = "idle" | "asking" | "claiming" | "connecting" | "on" | "lost" | "blocked" | "failed";

export interface PhoneProblem {
  readonly id: string;
  readonly kind: MicrophoneFault | "server";
  /** Of the server: its own words. */
  readonly text: string;
}

/** Why there is no microphone: not allowed, none there, used by another program, not on https, whatever else. */
export type MicrophoneFault = "refused" | "none" | "taken" | "insecure" | "other";

/** Why a call that rang rings no more. */
export type End =
  | { readonly is: "taken" | "passed"; readonly by: string }
  | { readonly is: "left" | "missed" | "gone"; readonly by?: undefined };

export interface Farewell {
  readonly id: string;
  readonly end: End;
}

export const QUIET: Phone = {
  id: null,
  stage: "idle",
  muted: false,
  silent: false,
  problem: null,
  hushed: [],
  farewell: null,
};

export function ways(state: State): readonly Way[] {
  const calls = state.service?.calls;
  return calls?.enabled ? calls.ways : [];
}

/** What the agent chose, as long as the installation offers it; null where there are no calls. */
export function wayOf(state: State, chosen: Way | ""): Way | null {
  const offered = ways(state);
  return offered.find((way) => way === chosen) ?? offered[0] ?? null;
}

/** A caller who waits on the line, or is with somebody. */
export function isCall(handover: Handover): boolean {
  return handover.channel === "phone" && handover.on_line;
}

/** A call that an agent makes, as promised, and not a caller's. */
export function callsBack({ reason }: Handover): boolean {
  return reason === "callback";
}

/** How I would call back: in a way in which I take calls; null where the bot calls and greets. */
export function wayBack(state: State, chosen: Way | ""): Way | null {
  return state.me?.takes_calls ? (waysBack(state).find((way) => way === chosen) ?? waysBack(state)[0] ?? null) : null;
}

/** A call that is to be made cannot be passed on. */
export function waysBack(state: State): readonly Way[] {
  return state.service?.can_dial ? ways(state).filter((way) => way !== "transfer") : [];
}

/** The call that is mine now. */
export function myCall(state: State): Handover | null {
  return state.handovers.find((one) => one.state === "active" && isCall(one) && isMine(state, one)) ?? null;
}

/** Callers on the line whom nobody has. */
export function waitingCalls(state: State): readonly Handover[] {
  return state.handovers.filter((one) => one.state === "queued" && isCall(one));
}

/** What rings for me now: what is offered to me, then, where everybody takes from the list, who waits in it. */
export function ringing(state: State, hushed: readonly string[]): readonly Handover[] {
  if (!state.me || myCall(state)) {
    return [];
  }
  const offered = state.handovers.filter((one) => one.state === "offered" && isCall(one) && isMine(state, one));
  const open = state.service?.mode === "manual" && isFree(state) ? waitingCalls(state).filter(isForMe) : [];
  return [...offered, ...open.filter(({ id }) => !hushed.includes(id))];

  function isForMe({ team, skills, declined }: Handover): boolean {
    const me = state.me;
    return (
      me !== null &&
      (team === "" || me.teams.length === 0 || me.teams.includes(team)) &&
      skills.every((skill) => me.skills.includes(skill)) &&
      !declined.includes(me.id)
    );
  }
}

/** Takes calls, and has nothing of the last one to write down. */
function isFree(state: State): boolean {
  const { me } = state;
  return (
    me?.takes_calls === true &&
    me.status === "available" &&
    me.load < me.capacity &&
    !state.handovers.some((one) => one.state === "wrap_up" && one.channel === "phone" && isMine(state, one))
  );
}

/** Why this call, which rang for me, rings no more; null when it is mine now, or nothing has become of it. */
export function endOf(rang: Handover, after: State): End | null {
  const now = after.handovers.find(({ id }) => id === rang.id);
  if (!now) {
    return { is: "gone" };
  }
  if (isMine(after, now)) {
    return null;
  }
  if (now.agent) {
    return { is: now.state === "offered" ? "passed" : "taken", by: now.agent.name };
  }
  if (!now.on_line) {
    return { is: "left" };
  }
  return rang.state === "offered" ? { is: "missed" } : null;
}

/** Whether this tab has nothing to take or to hold any more; while it asks for a microphone, nobody may ever answer. */
export function isOver({ id, stage }: Phone, before: State, after: State): boolean {
  if (id === null || stage === "claiming" || myCall(after)?.id === id) {
    return false;
  }
  if (stage === "asking" && after.callbacks.some((one) => one.id === id && one.state === "promised")) {
    return false; // I am about to call back
  }
  const asked = asking({ id, stage }, before);
  return asked === null || endOf(asked, after) !== null;
}

/** The call that waits while its microphone is asked for. */
export function asking({ id, stage }: Pick<Phone, "id" | "stage">, state: State): Handover | null {
  const isMineAlready = myCall(state)?.id === id;
  return (stage === "asking" && !isMineAlready && state.handovers.find((one) => one.id === id)) || null;
}

/** What became of my call without me; null where there is nothing to tell. */
export function endOfMine(was: Handover, after: State): "left" | "passed" | "lost" | null {
  const now = after.handovers.find(({ id }) => id === was.id);
  if (now?.state === "queued") {
    return "lost";
  }
  if (now?.state === "wrap_up") {
    return OF_ENDING[now.ending ?? ""] ?? null;
  }
  return now?.agent && !isMine(after, now) ? "passed" : null;
}

const OF_ENDING: Readonly<Record<string, "left" | "passed">> = { left: "left", transferred: "passed" };

/** How my call stands, as one word for the bar. */
export type Standing =
  | "connecting"
  | "calling" // the person whom I call back
  | "talking"
  | "held"
  | "reconnecting"
  | "blocked"
  | "failed"
  | "resume" // nobody is on the agent's end: after a reload, say
  | "elsewhere" // joined in another tab or on another machine
  | "phone_rings"
  | "phone_lost"
  | "transferring";

export function standing(call: Handover, phone: Phone): Standing {
  const { line } = call;
  if (phone.id === call.id) {
    return OF_STAGE[phone.stage] ?? OF_LINE[line?.state ?? "joined"] ?? "talking";
  }
  if (line?.way === "transfer") {
    return "transferring";
  }
  if (line?.way === "phone") {
    return OF_TELEPHONE[line.state];
  }
  return line?.state === "joined" || line?.state === "held" ? "elsewhere" : "resume";
}

/** While the agent is not there yet, hanging up would be on a person nobody has spoken to: the call is passed on. */
export function mayHangUp(stands: Standing): boolean {
  return !["connecting", "phone_rings", "transferring"].includes(stands);
}

/** A call that I make I may always end. */
export function mayEnd(stands: Standing, call: Handover): boolean {
  return callsBack(call) || mayHangUp(stands);
}

/** Whether somebody is there who can be handed on, or given back to the bot. */
export function isReached(call: Handover): boolean {
  return !callsBack(call) || ["joined", "held", "lost"].includes(call.line?.state ?? "");
}

const OF_LINE: Partial<Readonly<Record<string, Standing>>> = { held: "held", calling: "calling" };

const OF_STAGE: Partial<Readonly<Record<Stage, Standing>>> = {
  asking: "connecting",
  claiming: "connecting",
  connecting: "connecting",
  lost: "reconnecting",
  blocked: "blocked",
  failed: "failed",
};

const OF_TELEPHONE = {
  connecting: "phone_rings",
  ringing: "phone_rings",
  calling: "calling",
  joined: "talking",
  held: "held",
  lost: "phone_lost",
} as const;

const WAITS_MS = [0, 500, 1000, 2000, 4000] as const;

/** How long to wait before the next attempt to connect; the first follows at once. */
export function waitBefore(attempt: number): number {
  return WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)] ?? 0;
}
