/**
 * The microphone's sound, off the page's thread: mono, 16 kHz, 16 bits, in portions of 64 ms, with their loudness.
 *
 * A file of its own, loaded at the first press of the button: a host page's policy then needs no `blob:` for it.
 */

import { RATE_HZ, Resampler } from "./resample";

/** What the page gets for each portion. */
export interface Portion {
  readonly pcm: ArrayBuffer;
  /** 0 (silence, -60 dBFS) to 1 (-10 dBFS, as loud as speech gets). */
  readonly level: number;
}

// The little of the audio worklet's scope that TypeScript's libraries do not describe.
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => Processor): void;
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}
interface Processor {
  process(inputs: readonly (readonly Float32Array[])[]): boolean;
}

const PORTION_SAMPLES = RATE_HZ * 0.064;

class Listen extends AudioWorkletProcessor implements Processor {
  private readonly resampler = new Resampler(sampleRate);
  private readonly portion = new Int16Array(PORTION_SAMPLES);
  private filled = 0;

  process([channels]: readonly (readonly Float32Array[])[]): boolean {
    if (channels?.[0]) {
      for (const sample of this.resampler.push(mono(channels))) {
        this.portion[this.filled++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
        if (this.filled === PORTION_SAMPLES) {
          this.send();
        }
      }
    }
    return true;
  }

  private send(): void {
    this.filled = 0;
    const pcm = this.portion.slice().buffer;
    this.port.postMessage({ pcm, level: loudness(this.portion) } satisfies Portion, [pcm]);
  }
}

function mono(channels: readonly Float32Array[]): Float32Array {
  const [first, ...others] = channels;
  if (!first || others.length === 0) {
    return first ?? new Float32Array();
  }
  return first.map((sample, at) => others.reduce((sum, other) => sum + (other[at] ?? 0), sample) / channels.length);
}

function loudness(samples: Int16Array): number {
  const power = samples.reduce((sum, sample) => sum + (sample / 32768) ** 2, 0) / samples.length;
  return Math.max(0, Math.min(1, (10 * Math.log10(power + 1e-9) + 60) / 50));
}

registerProcessor("guichet-listen", Listen);
