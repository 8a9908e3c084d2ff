/** Why speaking or reading aloud came to nothing, thrown to whoever tells the visitor. */

import type { VoiceProblem } from "./types";

export class VoiceFailure extends Error {
  constructor(readonly problem: VoiceProblem) {
    super(problem);
  }
}

/** What is to be told; null when the visitor gave up, or the window closed. */
export function problemOf(reason: unknown, signal: AbortSignal): VoiceProblem | null {
  if (signal.aborted) {
    return null;
  }
  return reason instanceof VoiceFailure ? reason.problem : "voice_unavailable";
}

/** What the browser says when it gives no microphone. */
export function microphoneProblem(reason: unknown): VoiceProblem {
  const name = reason instanceof DOMException ? reason.name : "";
  return name === "NotAllowedError" || name === "SecurityError" ? "microphone_refused" : "microphone_failed";
}
