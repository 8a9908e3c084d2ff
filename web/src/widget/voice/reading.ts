/**
 * An answer read aloud: bot/web/reading.py sends 8 kHz PCM in a WAV file, played as it comes.
 *
 * The samples go straight to the sound card: no `<audio>` and no `blob:`, so a host page needs no `media-src`. The
 * context runs at the file's own rate, and pieces put one after another have no seam.
 */

import { VoiceFailure } from "./problems";
import type { VoiceHost } from "./types";

export const READING_RATE_HZ = 8000;

/** Less would not outlast the way to the sound card. */
const AHEAD_SECONDS = 0.08;

/** Returns when all has been heard. Throws a `VoiceFailure`, or what `signal` makes of `fetch`. */
export async function readAloud(host: VoiceHost, sound: AudioContext, seq: number, signal: AbortSignal): Promise<void> {
  const { id, token } = await host.conversation();
  const response = await fetch(`${host.server}api/conversations/${encodeURIComponent(id)}/speech/${seq}`, {
    headers: { Authorization: `Bearer ${token}` },
    referrerPolicy: "origin", // over plain HTTP, what tells the server whose page this is
    signal,
  });
  if (!response.ok || !response.body) {
    throw new VoiceFailure("voice_unavailable");
  }
  void sound.resume();
  let until = 0;
  const samples = new Samples();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    const fresh = samples.push(value);
    if (fresh.length > 0) {
      until = play(sound, fresh, Math.max(until, sound.currentTime + AHEAD_SECONDS));
    }
  }
  await silence(sound, until, signal);
}

function play(sound: AudioContext, samples: Float32Array<ArrayBuffer>, at: number): number {
  const buffer = sound.createBuffer(1, samples.length, READING_RATE_HZ);
  buffer.copyToChannel(samples, 0);
  const source = sound.createBufferSource();
  source.buffer = buffer;
  source.connect(sound.destination);
  source.start(at);
  return at + buffer.duration;
}

/** Waits until the sound's own clock has passed `until`: it stands still while the browser holds the sound back. */
async function silence(sound: AudioContext, until: number, signal: AbortSignal): Promise<void> {
  while (sound.currentTime < until && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The samples of a WAV file (16 bits, mono) that comes in portions of any size. */
export class Samples {
  private rest = new Uint8Array();
  private inSound = false;

  push(portion: Uint8Array): Float32Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.rest.length + portion.length);
    bytes.set(this.rest);
    bytes.set(portion, this.rest.length);
    const start = this.inSound ? 0 : soundStart(bytes);
    if (start < 0) {
      this.rest = bytes;
      return new Float32Array();
    }
    this.inSound = true;
    const count = (bytes.length - start) >> 1;
    this.rest = bytes.slice(start + 2 * count);
    const view = new DataView(bytes.buffer, start);
    return Float32Array.from({ length: count }, (_, at) => view.getInt16(2 * at, true) / 32768);
  }
}

/** Where the sound begins; -1 while that has not come. */
function soundStart(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    // "data"
    if (view.getUint32(at) === 0x64617461) {
      return at + 8;
    }
    at += 8 + length + (length % 2);
  }
  return -1;
}
