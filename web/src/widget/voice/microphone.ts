/** The microphone, from the visitor's consent to portions of sound, and surely off again. */

import type { Portion } from "../../worklet/listen";
import { microphoneProblem, VoiceFailure } from "./problems";

export interface Microphone {
  /** Off: the browser's sign of recording goes out at once. */
  close(): void;
}

/**
 * Asks for it and opens it; `heard` gets the portions, `lost` is told when it is unplugged or taken away. `sound` was
 * made within the press, and is closed with the microphone. Throws a `VoiceFailure`.
 */
export async function openMicrophone(
  sound: AudioContext,
  workletUrl: string,
  signal: AbortSignal,
  heard: (portion: Portion) => void,
  lost: () => void,
): Promise<Microphone> {
  const stream = await consent();
  const close = () => {
    for (const track of stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
  };
  try {
    signal.throwIfAborted();
    await sound.audioWorklet.addModule(workletUrl);
    void sound.resume();
    signal.throwIfAborted();
    const node = new AudioWorkletNode(sound, "guichet-listen");
    node.port.onmessage = (event: MessageEvent<Portion>) => heard(event.data);
    // Safari runs only what leads to the loudspeakers; nothing is ever written there.
    sound.createMediaStreamSource(stream).connect(node).connect(sound.destination);
    for (const track of stream.getAudioTracks()) {
      track.onended = lost;
    }
  } catch (reason) {
    close();
    throw reason;
  }
  return { close };
}

async function consent(): Promise<MediaStream> {
  try {
    // Undefined on a page without TLS, which the types do not know.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) {
      throw new VoiceFailure("microphone_failed");
    }
    return await devices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
  } catch (reason) {
    throw new VoiceFailure(microphoneProblem(reason));
  }
}
