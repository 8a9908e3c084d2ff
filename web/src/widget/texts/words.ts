/**
 * Sentences with their values in them: numbers, names, dates and waits in words. Pure, whatever the language.
 */

import type { Slot } from "../../shared/protocol";
import type { HandoverItem, PersonState } from "../model";
import type { Sentences } from "./fr";

const YEAR_MS = 365.25 * 24 * 3600 * 1000;

type Values = Readonly<Record<string, string>>;
type Request = Pick<PersonState, "state" | "reason" | "agent" | "slot">;

export function fill(template: string, values: Values): string {
  // A value that ends with an initial ("Claire D.") ends the sentence too.
  return template.replace(/\{(\w+)\}(\.?)/gu, (whole, key: string, end: string) => {
    const value = values[key];
    return value === undefined ? whole : value + (value.endsWith(".") ? "" : end);
  });
}

export function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** Verified more than a year ago. */
export function isStale(isoDate: string, now = Date.now()): boolean {
  return now - Date.parse(isoDate) > YEAR_MS;
}

/**
 * The time on the wall where the service is, held as if it were UTC: that of an ISO time with offset. A time in UTC is
 * shown as here. A slot of nine o'clock in the offices stays nine o'clock, wherever it is read.
 */
export function wallTime(iso: string): { readonly date: Date; readonly isHere: boolean } {
  const instant = new Date(iso);
  const hereMinutes = -instant.getTimezoneOffset();
  const offset = /([+-])(\d\d):?(\d\d)$/u.exec(iso);
  const minutes = offset ? Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3])) : hereMinutes;
  return { date: new Date(instant.getTime() + minutes * 60_000), isHere: minutes === hereMinutes };
}

/** The sentences of a language, and what can be said with them. */
export function wordsOf(texts: Sentences) {
  const { tag, state, note, refused, wait: waits } = texts;
  const rules = new Intl.PluralRules(tag);
  const format = (date: Date, options: Intl.DateTimeFormatOptions) =>
    Number.isNaN(date.getTime()) ? "" : date.toLocaleString(tag, options);

  /** The singular or the plural of a sentence, with the number in it. */
  function count(template: string, n: number): string {
    const [one = "", other = one] = template.split("|");
    return fill(rules.select(n) === "one" ? one : other, { n: n.toLocaleString(tag) });
  }

  function day(iso: string): string {
    return format(wallTime(iso).date, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  }

  function hour(iso: string): string {
    const { date } = wallTime(iso);
    const m = date.getUTCMinutes();
    const values = { h: String(date.getUTCHours()), m: String(m).padStart(2, "0") };
    return fill(m ? texts.hourAndMinutes : texts.hour, values);
  }

  /** A day with one hour or two. */
  function dated(template: string, from: string, to = from): string {
    const elsewhere = wallTime(from).isHere ? "" : texts.elsewhere;
    return fill(template, { day: day(from), from: hour(from), to: hour(to) }) + elsewhere;
  }

  /** A wait as a person would say it: never more exact than it can be, and rather too long than too short. */
  function wait(seconds: number): string {
    const minutes = Math.ceil(seconds / 60);
    const rounded = minutes > 10 ? Math.ceil(minutes / 5) * 5 : minutes;
    if (seconds < 60 || rounded > 60) {
      return seconds < 60 ? waits.short : waits.more;
    }
    return rounded === 60 ? waits.hour : count(waits.minutes, rounded);
  }

  function ofRequest(template: string, { agent, slot }: Request): string {
    const someone = texts.someone;
    return capital(fill(template, { agent: agent || someone, someone, slot: slot ? slotText(slot) : "" }));
  }

  function slotText({ from, to }: Slot): string {
    return dated(texts.slot, from, to);
  }

  /** What is the same in the transcript and above the field. */
  function outcome(request: Request): string {
    switch (request.state) {
      case "refused":
        return refused[request.reason ?? "nobody"];
      case "callback":
        return ofRequest(request.slot ? state.callback : state.callback_later, request);
      case "message_left":
        return state.message_left;
      default:
        return "";
    }
  }

  return {
    ...texts,
    count,
    day,
    slotText,
    /** 3 March 2026 */
    dateText: (isoDate: string) => format(new Date(isoDate), { dateStyle: "long", timeZone: "UTC" }),
    momentText: (iso: string) => dated(texts.moment, iso),
    /** The hour of a message here; with its day when that is not today. */
    when(iso: string, now = new Date()): string {
      const date = new Date(iso);
      const isToday = date.toDateString() === now.toDateString();
      const today = { hour: "2-digit", minute: "2-digit" } as const;
      return format(date, isToday ? today : { ...today, day: "numeric", month: "long" });
    },
    listText: (pieces: readonly string[]) => new Intl.ListFormat(tag).format(pieces),

    /** How a request stands; empty when there is nothing to say. */
    stateText(request: PersonState): string {
      const { position, waitSeconds } = request;
      switch (request.state) {
        case "requested":
        case "active":
          return ofRequest(state[request.state], request);
        case "queued": {
          const place =
            position === null ? state.queued : position < 2 ? state.first : count(state.before, position - 1);
          return waitSeconds === null ? place : `${place} ${fill(state.wait, { wait: wait(waitSeconds) })}`;
        }
        default:
          return outcome(request);
      }
    },
    noteText: (item: HandoverItem) => outcome(item) || ofRequest(note[item.state as keyof typeof note] ?? "", item),
  };
}

/** Plain sentences by name, and what words.ts makes of them. */
export type Texts = ReturnType<typeof wordsOf>;
