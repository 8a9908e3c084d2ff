import { afterEach, describe, expect, it } from "vitest";
import { commandOf, type Pressed, SHORTCUTS } from "../../src/console/keys";
import { texts } from "../../src/console/texts";
import {
  clock,
  date,
  day,
  foreignZone,
  moment,
  percent,
  phoneNumber,
  plural,
  slot,
  spokenDuration,
  tellTimesOf,
  timeOfDay,
} from "../../src/console/words";

const plain = (text: string) => text.replace(/[\u00a0\u202f]/gu, " ");

describe("words", () => {
  it("say durations for the eye and for the ear", () => {
    expect([0, 42_000, 725_000, 3_840_000, 200_000_000].map((ms) => plain(clock(ms)))).toEqual([
      "0:00",
      "0:42",
      "12:05",
      "1 h 04",
      "2 jours",
    ]);
    expect([10_000, 60_000, 180_000, 3_840_000].map((ms) => plain(spokenDuration(ms)))).toEqual([
      "moins d’une minute",
      "1 minute",
      "3 minutes",
      "1 heure 4",
    ]);
    expect(clock(-5000)).toBe("0:00");
  });

  it("count as French does: zero is singular", () => {
    expect([0, 1, 2].map((count) => plain(plural(count, "demande")))).toEqual(["0 demande", "1 demande", "2 demandes"]);
  });

  it("name near days", () => {
    const now = new Date(2026, 10, 22, 10, 0).getTime();
    const at = (offset: number) => new Date(2026, 10, 22 + offset, 9, 5).toISOString();
    expect([-1, 0, 1].map((offset) => day(at(offset), now))).toEqual(["hier", "aujourd’hui", "demain"]);
    expect(plain(moment(at(0), now))).toBe("aujourd’hui à 9 h 05");
    expect(day(at(3), now)).toBe("mercredi 25 novembre");
  });

  it("write numbers as people do", () => {
    expect(plain(phoneNumber("+33612345678"))).toBe("06 12 34 56 78");
    expect(phoneNumber("+442079460018")).toBe("+442079460018");
    expect(plain(percent(0.714))).toBe("71 %");
    expect(percent(null)).toBe("–");
  });
});

describe("times", () => {
  afterEach(() => tellTimesOf(undefined));
  const noon = "2026-11-22T11:00:00Z";
  const now = Date.parse("2026-11-22T09:00:00Z");

  it("are those of the service, whatever the zone of the browser", () => {
    const told = ["Europe/Paris", "Indian/Reunion", "America/Cayenne"].map((zone) => {
      tellTimesOf(zone);
      return plain(timeOfDay(noon));
    });
    expect(told).toEqual(["12 h 00", "15 h 00", "8 h 00"]);
  });

  it("have the service's day, and its year", () => {
    const late = "2026-11-22T23:30:00Z";
    tellTimesOf("Europe/Paris");
    expect(plain(moment(late, now))).toBe("demain à 0 h 30");
    tellTimesOf("America/Cayenne");
    expect(plain(moment(late, now))).toBe("aujourd’hui à 20 h 30");
    tellTimesOf("Pacific/Noumea");
    expect(plain(moment("2026-12-31T18:00:00Z", Date.parse("2026-12-31T01:00:00Z")))).toBe("demain à 5 h 00");
    expect(day("2026-12-31T18:00:00Z", now)).toBe("vendredi 1er janvier 2027");
    expect(plain(slot("2026-11-22T20:00:00Z", "2026-11-22T21:00:00Z", now))).toBe("demain, de 7 h 00 à 8 h 00");
  });

  it("name near days across the change of the clocks", () => {
    tellTimesOf("Europe/Paris");
    const sunday = Date.parse("2026-10-25T12:00:00Z");
    expect(day("2026-10-24T21:59:00Z", sunday)).toBe("hier");
    expect(day("2026-10-24T22:01:00Z", sunday)).toBe("aujourd’hui");
    expect(day("2026-10-25T23:01:00Z", sunday)).toBe("demain");
  });

  it("name the service's zone only where the clocks of this machine show another time", () => {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    tellTimesOf(here);
    expect(foreignZone(now)).toBeNull();
    tellTimesOf("Pacific/Port_Moresby");
    expect(foreignZone(now)).toBe("Port Moresby");
    tellTimesOf(undefined);
    expect(foreignZone(now)).toBeNull();
  });

  it("are the browser's where the zone is one that it does not know", () => {
    const before = timeOfDay(noon);
    tellTimesOf("Mars/Olympus_Mons");
    expect(timeOfDay(noon)).toBe(before);
    expect(foreignZone(now)).toBeNull();
  });

  it("do not move a date that has no time", () => {
    tellTimesOf("Pacific/Kiritimati");
    expect(date("2026-08-03")).toBe("3 août 2026");
    expect(date("hier")).toBe("hier");
  });
});

function pressed(key: string, more: Partial<Pressed> = {}): Pressed {
  return { key, code: "", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...more };
}

describe("shortcuts", () => {
  it("are letters outside fields, and never with the browser's own keys", () => {
    expect(commandOf(pressed("s"), false, true)).toBe("takeFirst");
    expect(commandOf(pressed("S"), false, true)).toBe("takeFirst");
    expect(commandOf(pressed("s"), true, true)).toBeNull();
    expect(commandOf(pressed("s", { ctrlKey: true }), false, true)).toBeNull();
    expect(commandOf(pressed("s", { metaKey: true }), false, true)).toBeNull();
    expect(commandOf(pressed("d", { altKey: true }), false, true)).toBeNull();
  });

  it("are all off when they are switched off, the digits too", () => {
    expect(commandOf(pressed("s"), false, false)).toBeNull();
    expect(commandOf(pressed("1", { code: "Digit1", altKey: true }), true, false)).toBeNull();
  });

  it("insert by a digit, also on a French keyboard, within a field only with Alt", () => {
    expect(commandOf(pressed("&", { code: "Digit1" }), false, true)).toEqual({ insert: 0 });
    expect(commandOf(pressed("2", { code: "Digit2", shiftKey: true }), false, true)).toEqual({ insert: 1 });
    expect(commandOf(pressed("2", { code: "Digit2" }), true, true)).toBeNull();
    expect(commandOf(pressed("é", { code: "Digit2", altKey: true }), true, true)).toEqual({ insert: 1 });
    expect(commandOf(pressed("4", { code: "Digit4" }), false, true)).toBeNull();
  });

  it("are all in the overview, with words", () => {
    const named = SHORTCUTS.map(([, what]) => texts.shortcuts.what[what]);
    expect(named.every((text) => text.length > 3)).toBe(true);
    expect(new Set(named).size).toBe(SHORTCUTS.length);
  });
});

/** Every text of the module, functions called with something plausible. */
function* all(node: unknown, path: string): Generator<[string, string]> {
  if (typeof node === "string") {
    yield [path, node];
  } else if (typeof node === "function") {
    yield [path, String((node as (...some: unknown[]) => unknown)(path === ".list" ? ["A", "B"] : 3, "3"))];
  } else if (typeof node === "object" && node !== null) {
    for (const [name, below] of Object.entries(node)) {
      yield* all(below, `${path}.${name}`);
    }
  }
}

describe("the texts", () => {
  it("have French typography: curly apostrophes, no-break spaces, one ellipsis", () => {
    const wrong = [...all(texts, "")].filter(([, text]) =>
      /'|\.\.\.| [;:?!»%]|« |[^\s][?!;»](?<![\u202f\u00a0].)/u.test(text),
    );
    expect(wrong).toEqual([]);
  });
});
