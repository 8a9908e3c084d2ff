/** Speaking and hearing with a browser of paper: what the visitor sees of it, and that the microphone is off at the end. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { VoiceHost, VoiceProblem, VoiceState } from "../../src/widget/voice/types";
import { makeVoice } from "../../src/widget/voice/voice";

class Track {
  onended: (() => void) | null = null;
  isOn = true;
  stop() {
    this.isOn = false;
  }
}

class Context {
  static made: Context[] = [];
  readonly destination = {};
  readonly audioWorklet = { addModule: vi.fn(async () => {}) };
  currentTime = 0;
  isClosed = false;
  starts: number[] = [];
  constructor(readonly options: { sampleRate?: number }) {
    Context.made.push(this);
  }
  async resume() {}
  async close() {
    if (this.isClosed) {
      throw new DOMException("closed", "InvalidStateError");
    }
    this.isClosed = true;
  }
  createMediaStreamSource() {
    return { connect: (node: object) => node };
  }
  createBuffer(_channels: number, length: number, rate: number) {
    return { duration: length / rate, copyToChannel() {} };
  }
  createBufferSource() {
    return { connect() {}, start: (at: number) => this.starts.push(at) };
  }
}

class Node {
  static last: Node;
  readonly port: { onmessage: ((event: { data: object }) => void) | null } = { onmessage: null };
  constructor() {
    Node.last = this;
  }
  connect(node: object) {
    return node;
  }
  /** The microphone has sound. */
  say(level = 0.5) {
    this.port.onmessage?.({ data: { pcm: new ArrayBuffer(4), level } });
  }
}

class Socket {
  static readonly OPEN = 1;
  static made: Socket[] = [];
  readyState = 1;
  sent: unknown[] = [];
  isClosed = false;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  constructor(readonly url: string) {
    Socket.made.push(this);
    queueMicrotask(() => this.onopen?.());
  }
  send(data: unknown) {
    this.sent.push(data);
  }
  close() {
    this.isClosed = true;
  }
  /** The gateway says something. */
  tell(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

let track: Track;
let getUserMedia: ReturnType<typeof vi.fn>;
let states: VoiceState[];
let problems: VoiceProblem[];
let host: VoiceHost;

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const now = () => states.at(-1) as VoiceState;
const line = () => Socket.made.at(-1) as Socket;

beforeEach(() => {
  track = new Track();
  getUserMedia = vi.fn(async () => ({ getTracks: () => [track], getAudioTracks: () => [track] }));
  Context.made = [];
  Socket.made = [];
  vi.stubGlobal("AudioContext", Context);
  vi.stubGlobal("AudioWorkletNode", Node);
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  states = [];
  problems = [];
  host = {
    server: "https://guichet.example/bot/",
    workletUrl: "https://guichet.example/bot/listen.js",
    conversation: async () => ({ id: "a b", token: "secret" }),
    changed: (state) => states.push(state),
    failed: (problem) => problems.push(problem),
  };
});

afterEach(() => {
  expect(Context.made.every((context) => context.isClosed)).toBe(true);
  vi.unstubAllGlobals();
});

describe("speaking", () => {
  async function listening() {
    const voice = makeVoice(host);
    voice.startListening();
    await settled();
    return voice;
  }

  it("asks for the microphone at the press and not before", async () => {
    const voice = makeVoice(host);
    await settled();
    expect(getUserMedia).not.toHaveBeenCalled();
    expect(Context.made).toEqual([]);
    voice.startListening();
    expect(now().listening).toBe("asking");
    expect(getUserMedia.mock.calls[0]?.[0].audio).toMatchObject({ echoCancellation: true, noiseSuppression: true });
    await settled();
    expect(now().listening).toBe("listening");
    voice.stop();
    await settled();
  });

  it("brings the words, and the microphone is off before they come", async () => {
    await listening();
    expect(line().url).toBe("wss://guichet.example/bot/api/conversations/a%20b/listen");
    expect(line().url).not.toContain("secret");
    Node.last.say(0.4);
    expect(now().level).toBe(0.4);
    line().tell({ type: "ready" });
    Node.last.say();
    expect(line().sent).toEqual([
      '{"type":"hello","token":"secret"}',
      expect.any(ArrayBuffer),
      expect.any(ArrayBuffer),
    ]);
    line().tell({ type: "enough" });
    expect(now()).toMatchObject({ listening: "transcribing", level: 0 });
    expect(track.isOn).toBe(false);
    Node.last.say();
    expect(now().level).toBe(0);
    line().tell({ type: "heard", text: "Comment adhérer ?" });
    await settled();
    expect(now()).toMatchObject({ listening: "off", heard: "Comment adhérer ?" });
    expect(line().isClosed).toBe(true);
    expect(problems).toEqual([]);
  });

  it("forgets what was heard before when it listens again", async () => {
    const voice = await listening();
    line().tell({ type: "heard", text: "Un" });
    await settled();
    voice.startListening();
    expect(now().heard).toBe("");
    await settled();
    voice.stop();
    await settled();
  });

  it.each(["stopListening", "startListening"] as const)("ends at a second press (%s)", async (press) => {
    const voice = await listening();
    line().tell({ type: "ready" });
    voice[press]();
    expect(track.isOn).toBe(false);
    expect(now().listening).toBe("transcribing");
    expect(line().sent.at(-1)).toBe('{"type":"end"}');
    line().tell({ type: "heard", text: "Oui" });
    await settled();
    expect(now().heard).toBe("Oui");
  });

  it("loses nothing of who ends before the gateway was ready", async () => {
    const voice = await listening();
    Node.last.say();
    voice.stopListening();
    expect(track.isOn).toBe(false);
    line().tell({ type: "ready" });
    expect(line().sent.slice(1)).toEqual([expect.any(ArrayBuffer), '{"type":"end"}']);
    line().tell({ type: "heard", text: "Oui" });
    await settled();
    expect(now().heard).toBe("Oui");
  });

  it("is given up by a press while it asks, and nothing is opened then", async () => {
    const voice = makeVoice(host);
    voice.startListening();
    voice.stopListening();
    expect(now().listening).toBe("off");
    await settled();
    expect(track.isOn).toBe(false);
    expect(Socket.made).toEqual([]);
    expect(problems).toEqual([]);
  });

  it("stops when the window closes, and what comes later is nobody's", async () => {
    const voice = await listening();
    line().tell({ type: "ready" });
    voice.stop();
    await settled();
    expect(track.isOn).toBe(false);
    expect(line().isClosed).toBe(true);
    const count = states.length;
    Node.last.say();
    line().tell({ type: "heard", text: "trop tard" });
    await settled();
    expect(states.length).toBe(count);
    expect(problems).toEqual([]);
  });

  it.each([
    ["NotAllowedError", "microphone_refused"],
    ["SecurityError", "microphone_refused"],
    ["NotFoundError", "microphone_failed"],
    ["NotReadableError", "microphone_failed"],
  ])("says what %s means", async (name, problem) => {
    getUserMedia.mockRejectedValue(new DOMException("", name));
    await listening();
    expect(problems).toEqual([problem]);
    expect(now().listening).toBe("off");
    expect(Socket.made).toEqual([]);
  });

  it("says so on a page without TLS, where there are no microphones", async () => {
    vi.stubGlobal("navigator", {});
    await listening();
    expect(problems).toEqual(["microphone_failed"]);
  });

  it("says so when the microphone is unplugged", async () => {
    await listening();
    track.onended?.();
    await settled();
    expect(problems).toEqual(["microphone_failed"]);
    expect(now().listening).toBe("off");
    expect(line().isClosed).toBe(true);
  });

  it.each([
    [{ type: "heard", text: "" }, "not_heard"],
    [{ type: "error", code: "busy", text: "…" }, "voice_unavailable"],
  ])("says what %o means", async (frame, problem) => {
    await listening();
    line().tell(frame);
    await settled();
    expect(problems).toEqual([problem]);
    expect(track.isOn).toBe(false);
    expect(now().listening).toBe("off");
  });

  it("says so when the connection breaks, or no conversation can be had", async () => {
    await listening();
    line().onclose?.();
    await settled();
    host = { ...host, conversation: () => Promise.reject(new Error("down")) };
    await listening();
    expect(problems).toEqual(["voice_unavailable", "voice_unavailable"]);
    expect(track.isOn).toBe(false);
  });
});

describe("reading aloud", () => {
  const wav = Uint8Array.from([
    ...new Array<number>(12).fill(0),
    0x64,
    0x61,
    0x74,
    0x61,
    255,
    255,
    255,
    255,
    0,
    1,
    0,
    1,
  ]);
  let ask: ReturnType<typeof vi.fn>;

  beforeEach(() => {
    ask = vi.fn(async () => new Response(wav));
    vi.stubGlobal("fetch", ask);
  });

  async function reading(seq = 2) {
    const voice = makeVoice(host);
    voice.readAloud(seq);
    await settled();
    await settled();
    return voice;
  }

  it("plays the answer and is over when it has been heard", async () => {
    await reading();
    expect(ask.mock.calls[0]?.[0]).toBe("https://guichet.example/bot/api/conversations/a%20b/speech/2");
    expect(ask.mock.calls[0]?.[1].headers).toEqual({ Authorization: "Bearer secret" });
    expect(now().speaking).toBe(2);
    expect(Context.made[0]?.options.sampleRate).toBe(8000);
    expect(Context.made[0]?.starts).toEqual([0.08]);
    (Context.made[0] as Context).currentTime = 1;
    await vi.waitFor(() => expect(now().speaking).toBeNull());
    expect(problems).toEqual([]);
  });

  it("stops at a second press", async () => {
    const voice = await reading();
    voice.readAloud(2);
    expect(now().speaking).toBeNull();
    expect(Context.made[0]?.isClosed).toBe(true);
    await vi.waitFor(() => expect(problems).toEqual([]));
  });

  it("reads one message at a time, and none while the microphone is on", async () => {
    const voice = await reading(2);
    voice.readAloud(4);
    expect(now().speaking).toBe(4);
    expect(Context.made[0]?.isClosed).toBe(true);
    voice.startListening();
    expect(now()).toMatchObject({ speaking: null, listening: "asking" });
    await settled();
    voice.stop();
    await settled();
    expect(problems).toEqual([]);
  });

  it("says so when the voice is not there", async () => {
    ask.mockImplementation(async () => new Response("{}", { status: 503 }));
    await reading();
    expect(problems).toEqual(["voice_unavailable"]);
    expect(now().speaking).toBeNull();
  });
});
