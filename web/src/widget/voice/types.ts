/**
 * Speaking and hearing in the widget: what the engine gives it, what it does for the engine.
 *
 * The engine makes one `Voice` (`makeVoice(host)` of ./voice.ts) and forwards to it. `startListening` and `readAloud`
 * must be called within the visitor's press itself, before any `await`: browsers let sound begin only then. Nothing
 * is asked for, loaded or connected before that press, and nothing is left open after it.
 */

import type { Model, Problem } from "../model";

/** The part of `Model.voice` that changes; `canListen` and `canSpeak` are the engine's (see `canListen` below). */
export type VoiceState = Omit<Model["voice"], "canListen" | "canSpeak">;

export type VoiceProblem = Extract<
  Problem,
  "microphone_refused" | "microphone_failed" | "not_heard" | "voice_unavailable"
>;

/** What the engine lends. */
export interface VoiceHost {
  /** The gateway's address, with its trailing slash: `https://guichet.example.org/`. */
  readonly server: string;
  /** Where the build has put src/worklet/listen.ts. On the gateway: a host page's `script-src` names nothing else. */
  readonly workletUrl: string;
  /** The conversation, begun if there is none yet (speaking first is a first activation). Rejects when it cannot be. */
  conversation(): Promise<{ readonly id: string; readonly token: string }>;
  /** At each change, and some 15 times a second while listening (`level`). Replace `Model.voice` by it. */
  changed(state: VoiceState): void;
  /** What to tell the visitor. The state is back to "off" by then. */
  failed(problem: VoiceProblem): void;
}

export interface Voice {
  /** Asks for the microphone and listens; while it does so already, as `stopListening`. */
  startListening(): void;
  /** The visitor has finished: what was said is written down. While asking or transcribing: given up. */
  stopListening(): void;
  /** Reads the message aloud; the one being read: stops; another one: takes its place. */
  readAloud(seq: number): void;
  /** The window closes, or the conversation is erased: microphone off, sound off, nothing comes any more. */
  stop(): void;
}

/** At rest. `heard` is emptied when listening begins, so that the same words said twice are two changes. */
export const SILENT: VoiceState = { listening: "off", level: 0, heard: "", speaking: null };

/**
 * `Model.voice.canListen`: `service.voice.listen && host page allows (data-microphone) && hasSound()`;
 * `canSpeak`: `service.voice.speak && hasSound()`. A page without TLS still offers the button and says why it cannot.
 */
export function hasSound(): boolean {
  return typeof AudioContext !== "undefined";
}
