/** What draws the agent's attention: a sound, the tab's title, and words for a screen reader. */

const FREQUENCIES = { waiting: [660, 880], mine: [880, 1175], message: [740] } as const;
const NOTE_SECONDS = 0.16;

export type Sound = keyof typeof FREQUENCIES;

let audio: AudioContext | null = null;

/** One for the page: browsers let it sound once the page has been touched. */
export function sounds(): AudioContext {
  audio ??= new AudioContext();
  if (audio.state === "suspended") {
    void audio.resume();
  }
  return audio;
}

/** Two soft notes, made on the spot: no file to fetch. Silent until the page has been touched once, as browsers want. */
export function ring(sound: Sound): void {
  const context = sounds();
  FREQUENCIES[sound].forEach((frequency, place) => {
    note(context, frequency, context.currentTime + place * NOTE_SECONDS, NOTE_SECONDS, context.destination);
  });
}

/** A soft tone that swells and fades. */
export function note(context: AudioContext, frequency: number, starts: number, seconds: number, to: AudioNode): void {
  const tone = new OscillatorNode(context, { type: "sine", frequency });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, starts);
  volume.gain.linearRampToValueAtTime(0.12, starts + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, starts + seconds * 1.8);
  tone.connect(volume).connect(to);
  tone.start(starts);
  tone.stop(starts + seconds * 2);
}

/** `(3) File d’attente – Guichet`: the number is what asks for attention now. */
export function setTitle(count: number, page: string, product: string): void {
  document.title = `${count > 0 ? `(${count}) ` : ""}${page} – ${product}`;
}

const CLEARED_AFTER_MS = 4000;
let clearing: number | undefined;

/** Said once by a screen reader, wherever the focus is. */
export function announce(text: string): void {
  const region = document.getElementById("announcer");
  if (!region) {
    return;
  }
  clearTimeout(clearing);
  const line = document.createElement("p");
  line.textContent = text;
  region.append(line);
  while (region.childElementCount > 4) {
    region.firstElementChild?.remove();
  }
  clearing = setTimeout(() => region.replaceChildren(), CLEARED_AFTER_MS);
}
