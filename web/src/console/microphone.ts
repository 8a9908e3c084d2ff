/** The agent's microphone and loudspeakers: asked for after an act of the agent's only, and given back afterwards. */

import type { MicrophoneFault } from "./calls";
import { sounds } from "./notices";

export class NoMicrophone extends Error {
  readonly fault: MicrophoneFault;

  constructor(fault: MicrophoneFault) {
    super(fault);
    this.fault = fault;
  }
}

/** With this device, or the browser's choice when it is not there. Ends with `release`. */
export async function openMicrophone(device: string): Promise<MediaStream> {
  if (!hasMicrophones()) {
    throw new NoMicrophone("insecure");
  }
  const audio: MediaTrackConstraints = {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    // A mere wish for a device is not granted: Chromium then prefers its default.
    ...(device ? { deviceId: { exact: device } } : {}),
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    if (device && faultOf(error) === "none") {
      return openMicrophone(""); // it is not plugged in today
    }
    throw new NoMicrophone(faultOf(error));
  }
}

export function release(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) {
    track.stop();
  }
}

/** Browsers give microphones to https, and to this machine itself. */
export function hasMicrophones(): boolean {
  return (navigator.mediaDevices as MediaDevices | undefined) !== undefined;
}

/** Whether it may be opened without a question to the agent; false where that cannot be known. */
export async function isAllowed(): Promise<boolean> {
  try {
    // Not in every browser's list of names.
    const { state } = await navigator.permissions.query({ name: "microphone" as PermissionName });
    return state === "granted";
  } catch {
    return false;
  }
}

export interface Devices {
  readonly microphones: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
}

/** Those with a name: browsers tell names once the microphone was allowed. */
export async function devices(): Promise<Devices> {
  const all = hasMicrophones() ? await navigator.mediaDevices.enumerateDevices() : [];
  const named = all.filter(({ label, deviceId }) => label && deviceId);
  return {
    microphones: named.filter(({ kind }) => kind === "audioinput"),
    speakers: canChooseSpeaker() ? named.filter(({ kind }) => kind === "audiooutput") : [],
  };
}

export function canChooseSpeaker(): boolean {
  return "setSinkId" in HTMLMediaElement.prototype;
}

// 85 ms: a syllable is not missed between two looks.
const SAMPLES = 4096;
// A voice at arm's length fills the meter to two thirds.
const FULL_SCALE = 0.25;

/** How loud it is: 0 is nothing at all, 1 is loud. */
export class Meter {
  readonly #source: MediaStreamAudioSourceNode;
  readonly #analyser: AnalyserNode;
  readonly #samples = new Float32Array(SAMPLES);

  constructor(stream: MediaStream) {
    const context = sounds();
    this.#source = context.createMediaStreamSource(stream);
    this.#analyser = new AnalyserNode(context, { fftSize: SAMPLES });
    this.#source.connect(this.#analyser);
  }

  /** Null while the browser lets the page make no sound: nothing is measured then. */
  level(): number | null {
    if (this.#analyser.context.state !== "running") {
      return null;
    }
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES;
    return Math.min(1, Math.sqrt(power) / FULL_SCALE);
  }

  close(): void {
    this.#source.disconnect();
  }
}

function faultOf(error: unknown): MicrophoneFault {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "refused";
    case "NotFoundError":
    case "OverconstrainedError":
      return "none";
    case "NotReadableError":
    case "AbortError":
      return "taken";
    default:
      return "other";
  }
}
