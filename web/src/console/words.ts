/**
 * Durations, dates and numbers in words, French.
 *
 * Times are told as they are where the service is (`tellTimesOf`), whatever the clock of the agent's machine says:
 * that is what visitors and callers are told too. Until the service has said where it is, it is the browser's zone.
 */

const NNBSP = "\u202f";
const NBSP = "\u00a0";

/** `0:42`, `12:05`, `1 h 04`: short enough to be read at a glance while it runs. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes}:${two(seconds % 60)}`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}${NBSP}h${NBSP}${two(minutes % 60)}` : plural(Math.floor(hours / 24), "jour");
}

/** The same for who listens: "3 minutes", "1 heure 4". */
export function spokenDuration(milliseconds: number): string {
  const minutes = Math.floor(Math.max(0, milliseconds) / 60_000);
  if (minutes < 1) {
    return "moins d’une minute";
  }
  if (minutes < 60) {
    return plural(minutes, "minute");
  }
  const rest = minutes % 60;
  return plural(Math.floor(minutes / 60), "heure") + (rest ? ` ${rest}` : "");
}

/** Zero and one are singular in French. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count}${NBSP}${count < 2 ? one : many}`;
}

let zone: string | undefined;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The service's time zone, as "Europe/Paris"; one that this browser does not know is as none. */
export function tellTimesOf(name: string | undefined): void {
  if (name !== zone) {
    zone = name === undefined || isZone(name) ? name : undefined;
    formats.clear();
  }
}

/** The city that the service's zone is named after, when the clocks of this machine show another time than there. */
export function foreignZone(now: number): string | null {
  if (zone === undefined || SEASONS_MS.every((later) => isSameTime(now + later))) {
    return null;
  }
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

export function timeOfDay(iso: string): string {
  const { hour, minute } = wall(Date.parse(iso));
  return `${hour}${NBSP}h${NBSP}${two(minute)}`;
}

/** "aujourd’hui à 14 h 05", "hier à 9 h 30", "lundi 3 août à 9 h 00". */
export function moment(iso: string, now: number): string {
  return `${day(iso, now)} à ${timeOfDay(iso)}`;
}

export function day(iso: string, now: number): string {
  const at = Date.parse(iso);
  const [there, here] = [wall(at), wall(now)];
  const near = NEAR[there.day - here.day];
  if (near) {
    return near;
  }
  return inWords(there.year === here.year ? "day" : "dayOfYear", at, zone);
}

const NEAR: Readonly<Record<number, string>> = { [-1]: "hier", 0: "aujourd’hui", 1: "demain" };

/** "de 14 h 00 à 15 h 00", with the day before it. */
export function slot(from: string, to: string, now: number): string {
  return `${day(from, now)}, de ${timeOfDay(from)} à ${timeOfDay(to)}`;
}

/** A date without a time, as of a verification: "3 août 2026". */
export function date(iso: string): string {
  const at = Date.parse(`${iso}T12:00:00Z`);
  return Number.isNaN(at) ? iso : inWords("date", at, "UTC");
}

/** E.164 as French people write it: +33612345678 → 06 12 34 56 78. */
export function phoneNumber(number: string): string {
  const national = number.startsWith("+33") ? `0${number.slice(3)}` : number;
  return /^0\d{9}$/u.test(national) ? (national.match(/\d\d/gu) ?? []).join(NBSP) : number;
}

export function percent(share: number | null | undefined): string {
  return share == null ? "–" : `${Math.round(share * 100)}${NNBSP}%`;
}

const SEASONS_MS: readonly number[] = [0, 182 * 86_400_000];

const FORMATS = {
  day: { weekday: "long", day: "numeric", month: "long" },
  dayOfYear: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  date: { day: "numeric", month: "long", year: "numeric" },
  wall: {
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** Made once each: a list of two hundred rows asks for hundreds. */
function format(name: keyof typeof FORMATS, timeZone: string | undefined): Intl.DateTimeFormat {
  const key = `${name} ${timeZone ?? ""}`;
  const made =
    formats.get(key) ?? new Intl.DateTimeFormat("fr-FR", { ...FORMATS[name], ...(timeZone && { timeZone }) });
  formats.set(key, made);
  return made;
}

/** The first of a month is an ordinal in French. */
function inWords(name: keyof typeof FORMATS, at: number, timeZone: string | undefined): string {
  return format(name, timeZone)
    .format(at)
    .replace(/\b1 (?=\p{L})/u, "1er ");
}

interface Wall {
  readonly year: number;
  /** Counted from no day in particular. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** What a clock on the wall of the service shows. */
function wall(at: number, timeZone = zone): Wall {
  const part: Record<string, number> = {};
  for (const { type, value } of format("wall", timeZone).formatToParts(at)) {
    part[type] = Number(value);
  }
  const { year = 0, month = 1, day: date = 1, hour = 0, minute = 0 } = part;
  return { year, day: Date.UTC(year, month - 1, date) / 86_400_000, hour, minute };
}

function isSameTime(at: number): boolean {
  const [there, here] = [wall(at), wall(at, "")];
  return there.day === here.day && there.hour === here.hour && there.minute === here.minute;
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("fr-FR", { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
