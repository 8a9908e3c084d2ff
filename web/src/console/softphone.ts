/**
 * The agent's end of a call, in the browser: the microphone goes to the gateway, the caller's voice comes back.
 *
 * WebRTC without any third party: no ICE server, so the browser and the gateway find each other by the addresses of
 * their own network. The offer goes out once, with all candidates in it. G.711 is asked for first: it is what the
 * caller's line carries, and nothing is transcoded on the way. A connection that is lost is replaced as a whole.
 */

import { Meter, NoMicrophone, openMicrophone, release } from "./microphone";

const GATHERING_MS = 2000;
// What the network often mends by itself.
const DISCONNECTED_MS = 3000;
const WATCH_MS = 500;
const SILENT_MS = 8000;
const NOTHING = 0.0005;
const CODECS = ["audio/pcma", "audio/pcmu"];

export interface SoftphoneEvents {
  on(): void;
  /** The connection is gone; `connect` makes another. */
  lost(): void;
  /** Whether the browser refuses to play before the page is pressed: then `play`. */
  blocked(): void;
  silent(on: boolean): void;
}

export class Softphone {
  readonly #events: SoftphoneEvents;
  readonly #caller = new Audio();
  #stream: MediaStream | null = null;
  #meter: Meter | null = null;
  #connection: RTCPeerConnection | null = null;
  #muted = false;
  #waiting: number | undefined;
  #watching: number | undefined;
  #serial = 0;

  constructor(events: SoftphoneEvents) {
    this.#events = events;
    this.#caller.autoplay = true;
  }

  /** The microphone, before anything else. `NoMicrophone` says why there is none. */
  async open(microphone: string, speaker: string): Promise<void> {
    await this.#take(microphone);
    await this.useSpeaker(speaker);
  }

  /** `exchange` gives the gateway's answer to our offer; what it throws is thrown here. */
  async connect(exchange: (offer: string) => Promise<string>): Promise<void> {
    this.#disconnect();
    if (this.#stream?.getAudioTracks()[0]?.readyState !== "live") {
      await this.#take("");
    }
    const connection = new RTCPeerConnection();
    this.#connection = connection;
    connection.onconnectionstatechange = () => this.#changed(connection);
    connection.ontrack = ({ track }) => this.#hear(connection, track);
    for (const track of this.#stream?.getAudioTracks() ?? []) {
      connection.addTrack(track);
    }
    preferTelephony(connection);
    await connection.setLocalDescription();
    await gathered(connection);
    const answer = this.#connection === connection && (await exchange(connection.localDescription?.sdp ?? ""));
    if (answer && this.#connection === connection) {
      await connection.setRemoteDescription({ type: "answer", sdp: answer });
    }
  }

  mute(on: boolean): void {
    this.#muted = on;
    for (const track of this.#stream?.getAudioTracks() ?? []) {
      track.enabled = !on;
    }
  }

  /** During a call, without a word lost on the caller's side. */
  async useMicrophone(device: string): Promise<void> {
    await this.#take(device);
    const [track] = this.#stream?.getAudioTracks() ?? [];
    for (const sender of this.#connection?.getSenders() ?? []) {
      await sender.replaceTrack(track ?? null);
    }
  }

  async useSpeaker(device: string): Promise<void> {
    try {
      await this.#caller.setSinkId?.(device);
    } catch {
      // It was unplugged: the browser goes on with its own choice.
    }
  }

  /** In answer to a press, when the browser wanted one. */
  async play(): Promise<boolean> {
    try {
      await this.#caller.play();
      return true;
    } catch {
      return false;
    }
  }

  /** Of the microphone, 0 to 1. */
  level(): number {
    return this.#muted ? 0 : (this.#meter?.level() ?? 0);
  }

  /** Everything ends: the connection, the sound, and the browser's sign that the microphone is open. */
  close(): void {
    this.#serial += 1;
    this.#disconnect();
    clearInterval(this.#watching);
    this.#meter?.close();
    this.#meter = null;
    release(this.#stream);
    this.#stream = null;
    this.#muted = false;
  }

  // -- inside --

  async #take(device: string): Promise<void> {
    const serial = this.#serial;
    const stream = await openMicrophone(device);
    if (serial !== this.#serial) {
      release(stream); // closed meanwhile
      throw new NoMicrophone("other");
    }
    this.#meter?.close();
    release(this.#stream);
    this.#stream = stream;
    this.#meter = new Meter(stream);
    this.mute(this.#muted);
    for (const track of stream.getAudioTracks()) {
      // Unplugged: another microphone, if there is one.
      track.onended = () => void this.useMicrophone("").catch(() => this.#events.silent(true));
      track.onmute = () => this.#events.silent(true);
      track.onunmute = () => this.#events.silent(false);
    }
    clearInterval(this.#watching);
    const openedAt = performance.now();
    this.#watching = setInterval(() => this.#watch(openedAt), WATCH_MS);
  }

  #disconnect(): void {
    clearTimeout(this.#waiting);
    const connection = this.#connection;
    this.#connection = null;
    connection?.close();
    this.#caller.srcObject = null;
  }

  #changed(connection: RTCPeerConnection): void {
    if (this.#connection !== connection) {
      return;
    }
    clearTimeout(this.#waiting);
    switch (connection.connectionState) {
      case "connected":
        this.#events.on();
        break;
      case "disconnected":
        this.#waiting = setTimeout(() => this.#gone(connection), DISCONNECTED_MS);
        break;
      case "failed":
      case "closed":
        this.#gone(connection);
        break;
      default:
    }
  }

  #gone(connection: RTCPeerConnection): void {
    if (this.#connection === connection) {
      this.#disconnect();
      this.#events.lost();
    }
  }

  #hear(connection: RTCPeerConnection, track: MediaStreamTrack): void {
    if (this.#connection !== connection) {
      return;
    }
    this.#caller.srcObject = new MediaStream([track]);
    this.#caller.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.#events.blocked();
      }
    });
  }

  /**
   * Nothing at all since it was opened: a plug that is out, a switch that is off. After the first sound nothing is
   * concluded from silence any more: who listens says nothing, and good headsets then send nothing.
   */
  #watch(openedAt: number): void {
    const level = this.#muted ? null : (this.#meter?.level() ?? null);
    if (level === null) {
      return;
    }
    if (level > NOTHING) {
      clearInterval(this.#watching);
      this.#events.silent(false);
    } else if (performance.now() - openedAt > SILENT_MS) {
      this.#events.silent(true);
    }
  }
}

function preferTelephony(connection: RTCPeerConnection): void {
  const known = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
  const place = ({ mimeType }: { mimeType: string }) => (CODECS.indexOf(mimeType.toLowerCase()) + 3) % 3;
  const codecs = [...known].sort((a, b) => place(a) - place(b));
  for (const transceiver of connection.getTransceivers()) {
    transceiver.setCodecPreferences?.(codecs);
  }
}

/** All candidates are known, or it has taken long enough: the gateway also learns of us by what we send. */
function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    const look = () => {
      if (connection.iceGatheringState === "complete") {
        clearTimeout(timer);
        resolve();
      }
    };
    connection.addEventListener("icegatheringstatechange", look);
    look();
  });
}
