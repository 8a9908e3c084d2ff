/** What an incoming call does to be noticed: it rings, in the tab's title too, and in a notification of the system. */

import { note, sounds } from "./notices";

const CYCLE_MS = 3200;
const NOTE_SECONDS = 0.22;
// Twice a rising fourth: soft, and unlike the signal of a chat.
const MELODY = [
  [587, 0],
  [784, 0.2],
  [587, 0.55],
  [784, 0.75],
] as const;

/** Rings from `start` to `stop`. Silent until the page has been touched once, as browsers want. */
export class Ringer {
  #timer: number | undefined;
  #volume: GainNode | null = null;

  start(): void {
    if (this.#timer === undefined) {
      this.#cycle();
      this.#timer = setInterval(() => this.#cycle(), CYCLE_MS);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#volume?.disconnect();
    this.#volume = null;
  }

  /** Once, to hear what it is like. */
  try(): void {
    this.#cycle();
  }

  #cycle(): void {
    const context = sounds();
    if (context.state !== "running") {
      return; // notes of long ago must not all sound at the first touch
    }
    this.#volume ??= new GainNode(context, { gain: 1.6 });
    this.#volume.connect(context.destination);
    for (const [frequency, after] of MELODY) {
      note(context, frequency, context.currentTime + after, NOTE_SECONDS, this.#volume);
    }
  }
}

export function mayNotify(): boolean {
  return "Notification" in globalThis && Notification.permission === "granted";
}

/** In answer to a press. */
export async function askToNotify(): Promise<boolean> {
  return "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
}

/** Only while the page is not seen, and without the caller's words: it may be read over a shoulder. Ends it. */
export function notify(title: string, body: string): () => void {
  if (!mayNotify() || !document.hidden) {
    return () => {};
  }
  try {
    const notification = new Notification(title, { body, tag: "guichet-call" });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
    return () => notification.close();
  } catch {
    return () => {}; // telephones have none for pages
  }
}
