/**
 * One question, spoken: microphone → gateway → words. The other side is bot/web/listening.py.
 *
 * The connection is opened once the microphone is; what is said meanwhile waits for it, so that no first syllable is
 * lost. Whatever the end, the microphone is off when the promise is settled.
 */

import type { Portion } from "../../worklet/listen";
import { openMicrophone } from "./microphone";
import { VoiceFailure } from "./problems";
import type { VoiceHost, VoiceProblem } from "./types";

type ServerFrame =
  | { readonly type: "ready" }
  | { readonly type: "enough" }
  | { readonly type: "heard"; readonly text: string }
  | { readonly type: "error"; readonly code: string; readonly text: string };

/** Longest waits, in seconds: for the connection, while listening (the gateway ends it sooner), for the words. */
const CONNECT = 10;
const LISTEN = 130;
const TRANSCRIBE = 25;

export interface Listener {
  /** The microphone is open. */
  listening(): void;
  /** It is off again; the words are being found. */
  transcribing(): void;
  level(level: number): void;
}

/** What was said. Throws a `VoiceFailure`. `finish` aborted: the visitor has said all; `signal`: has given up. */
export async function listen(
  host: VoiceHost,
  sound: AudioContext,
  told: Listener,
  finish: AbortSignal,
  signal: AbortSignal,
): Promise<string> {
  const { words, heard, failed } = outcome();
  /** Sound from before the gateway was ready for it; null from then on. */
  let early: ArrayBuffer[] | null = [];
  let isOn = true;
  let line: WebSocket | null = null;
  let timer = 0;

  function wait(seconds: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => failed("voice_unavailable"), seconds * 1000);
  }

  function take({ pcm, level }: Portion): void {
    if (!isOn) {
      return;
    }
    told.level(level);
    if (early) {
      early.push(pcm);
    } else if (line?.readyState === WebSocket.OPEN) {
      line.send(pcm);
    }
  }

  function off(): void {
    if (isOn) {
      isOn = false;
      microphone.close();
      told.transcribing();
      wait(TRANSCRIBE);
    }
  }

  function end(): void {
    off();
    if (!early) {
      line?.send('{"type":"end"}');
    }
  }

  function ready(): void {
    if (isOn) {
      wait(LISTEN);
    }
    for (const pcm of early ?? []) {
      line?.send(pcm);
    }
    early = null;
    if (finish.aborted) {
      end();
    }
  }

  function receive(frame: ServerFrame): void {
    if (frame.type === "ready") {
      ready();
    } else if (frame.type === "enough") {
      off();
    } else if (frame.type === "heard" && frame.text) {
      heard(frame.text);
    } else {
      failed(frame.type === "heard" ? "not_heard" : "voice_unavailable");
    }
  }

  const microphone = await openMicrophone(sound, host.workletUrl, signal, take, () => failed("microphone_failed"));
  try {
    told.listening();
    finish.addEventListener("abort", end);
    signal.addEventListener("abort", () => {
      microphone.close();
      failed("voice_unavailable"); // told to nobody: the visitor has given up
    });
    wait(CONNECT);
    const { id, token } = await Promise.race([host.conversation(), words.then(never)]);
    const place = `api/conversations/${encodeURIComponent(id)}/listen`;
    line = new WebSocket(host.server.replace(/^http/, "ws") + place);
    line.onopen = () => line?.send(JSON.stringify({ type: "hello", token }));
    line.onmessage = ({ data }: MessageEvent<string>) => receive(JSON.parse(data));
    line.onclose = () => failed("voice_unavailable");
    return await words;
  } finally {
    clearTimeout(timer);
    isOn = false;
    microphone.close();
    line?.close();
  }
}

/** The words to come, and the two ways in which that is settled; what is said after the first is nothing. */
function outcome() {
  let heard: (text: string) => void = never;
  let failed: (problem: VoiceProblem) => void = never;
  const words = new Promise<string>((resolve, reject) => {
    heard = resolve;
    failed = (problem) => reject(new VoiceFailure(problem));
  });
  words.catch(() => {}); // it may fail before anybody waits for it
  return { words, heard, failed };
}

function never(): never {
  throw new VoiceFailure("voice_unavailable");
}
