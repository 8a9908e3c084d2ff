/**
 * Speaking and hearing: one thing at a time. A press begins, a second one ends; whatever begins ends what was on.
 */

import { listen } from "./listening";
import { problemOf } from "./problems";
import { READING_RATE_HZ, readAloud } from "./reading";
import { SILENT, type Voice, type VoiceHost, type VoiceState } from "./types";

export function makeVoice(host: VoiceHost): Voice {
  let state = SILENT;
  let giveUp = new AbortController();
  let finish = new AbortController();

  function set(part: Partial<VoiceState>): void {
    state = { ...state, ...part };
    host.changed(state);
  }

  function stop(): void {
    giveUp.abort();
    if (state.listening !== "off" || state.speaking !== null) {
      set({ listening: "off", level: 0, speaking: null });
    }
  }

  /** Does `work` until it is done or given up; what it shows after that is nobody's any more. */
  function begin(rateHz: number | undefined, first: Partial<VoiceState>, work: Work): void {
    stop();
    giveUp = new AbortController();
    const { signal } = giveUp;
    const show = (part: Partial<VoiceState>) => {
      if (!signal.aborted) {
        set(part);
      }
    };
    // Made here, within the press: browsers allow no sound otherwise.
    const sound = new AudioContext(rateHz ? { sampleRate: rateHz } : {});
    const quiet = () => void sound.close().catch(() => {}); // closed already
    signal.addEventListener("abort", quiet);
    show(first);
    work(sound, signal, show)
      .then((last) => show({ listening: "off", level: 0, speaking: null, ...last }))
      .catch((reason: unknown) => {
        const problem = problemOf(reason, signal);
        if (problem) {
          stop();
          host.failed(problem);
        }
      })
      .finally(quiet);
  }

  async function dictate(sound: AudioContext, signal: AbortSignal, show: Show): Promise<Partial<VoiceState>> {
    const told = {
      listening: () => show({ listening: "listening" }),
      transcribing: () => show({ listening: "transcribing", level: 0 }),
      level: (level: number) => show({ level }),
    };
    return { heard: await listen(host, sound, told, finish.signal, signal) };
  }

  function stopListening(): void {
    if (state.listening === "listening") {
      finish.abort();
    } else if (state.listening !== "off") {
      stop();
    }
  }

  return {
    startListening() {
      if (state.listening !== "off") {
        stopListening();
        return;
      }
      finish = new AbortController();
      begin(undefined, { listening: "asking", heard: "" }, dictate);
    },
    stopListening,
    readAloud(seq) {
      if (state.speaking === seq) {
        stop();
        return;
      }
      begin(READING_RATE_HZ, { speaking: seq }, async (sound, signal) => {
        await readAloud(host, sound, seq, signal);
        return {};
      });
    },
    stop,
  };
}

type Show = (part: Partial<VoiceState>) => void;
type Work = (sound: AudioContext, signal: AbortSignal, show: Show) => Promise<Partial<VoiceState>>;
