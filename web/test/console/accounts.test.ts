import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  actorName,
  browserName,
  changeOf,
  codesIn,
  codesUsed,
  detailWords,
  type ListedAccount,
  matching,
  temporaryPassword,
  undoing,
} from "../../src/console/accounts";
import { filterOf, RowCounter } from "../../src/console/exporting";
import { EMPTY_SEARCH } from "../../src/console/state";

const plain = (text: string) => text.replace(/[\u00a0\u202f]/gu, " ");

function account(id: string, change: Partial<ListedAccount> = {}): ListedAccount {
  return {
    id,
    login: `${id}@mairie.example`,
    name: id,
    role: "agent",
    teams: [],
    skills: [],
    created_at: "2026-01-01T00:00:00Z",
    disabled_at: null,
    has_password: true,
    must_change_password: false,
    totp: true,
    oidc: false,
    signed_in_at: null,
    sessions: 0,
    ...change,
  };
}

describe("the list of accounts", () => {
  const all = [
    account("lea", { name: "Léa Moreau", teams: ["etat_civil"], totp: false }),
    account("paul", { role: "editor", oidc: true, has_password: false, totp: false }),
    account("nadia", { disabled_at: "2026-11-01T00:00:00Z", must_change_password: true }),
  ];
  const found = (words: string, shown: Parameters<typeof matching>[2] = "all") =>
    matching(all, words, shown).map(({ id }) => id);

  it("is searched in names, logins, roles, teams and skills, whatever the accents", () => {
    expect(found("LEA moreau")).toEqual(["lea"]);
    expect(found("état")).toEqual(["lea"]);
    expect(found("redacteur")).toEqual(["paul"]);
    expect(found("mairie")).toEqual(["lea", "paul", "nadia"]);
    expect(found("léa nadia")).toEqual([]);
  });

  it("shows those to look after: a password to change or none other, of who can sign in", () => {
    expect(found("", "attention")).toEqual(["lea"]);
    expect(found("", "disabled")).toEqual(["nadia"]);
    expect(found("", "active")).toEqual(["lea", "paul"]);
  });
});

describe("a change", () => {
  const before = account("lea", { teams: ["ccas"], role: "agent" });
  const same = { name: "lea", role: "agent", teams: ["ccas"], skills: [] } as const;

  it("holds only what differs, and nothing when nothing does", () => {
    expect(changeOf(before, same)).toBeNull();
    expect(changeOf(before, { ...same, name: " lea " })).toBeNull();
    expect(changeOf(before, { ...same, role: "editor", skills: ["en"] })).toEqual({ role: "editor", skills: ["en"] });
  });

  it("is undone by the values of before", () => {
    const change = { role: "editor", teams: [], disabled: true } as const;
    expect(undoing(before, change)).toEqual({ role: "agent", teams: ["ccas"], disabled: false });
  });

  it("takes codes as people type them", () => {
    expect(codesIn(" CCAS, etat_civil;ccas\n")).toEqual(["ccas", "etat_civil"]);
    expect(codesIn("")).toEqual([]);
    expect(codesUsed([before, account("x", { teams: ["a"] })], "teams", ["z"])).toEqual(["a", "ccas", "z"]);
  });
});

describe("a temporary password", () => {
  const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);

  it("has the length that the service wants, and no character that is read as another", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 64 }), (min) => {
        const password = temporaryPassword(min, random);
        expect(password.length).toBeGreaterThanOrEqual(Math.max(19, min));
        expect(password).toMatch(/^[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4})+$/u);
      }),
    );
    expect(new Set(Array.from({ length: 200 }, () => temporaryPassword(12, random))).size).toBe(200);
  });

  it("makes every character as likely: a byte that would not is thrown away", () => {
    let next = 0;
    const counting = (bytes: Uint8Array<ArrayBuffer>) => {
      bytes[0] = next;
      next = (next + 1) % 256;
    };
    const drawn = Array.from({ length: 31 }, () => temporaryPassword(12, counting))
      .join("")
      .replaceAll("-", "");
    const counts = [...new Set(drawn)].map((char) => drawn.split(char).length - 1);
    expect(counts).toHaveLength(31);
    expect(new Set(counts)).toEqual(new Set([16]));
  });
});

describe("the audit log", () => {
  it("names who is still there, programs, and says who is gone", () => {
    const people = { "user:1": "Jeanne D." };
    expect(actorName("user:1", people)).toBe("Jeanne D.");
    expect(actorName("user:3f2a9c77", people)).toBe("compte supprimé (3f2a9c)");
    expect(actorName("operator:cli", people)).toBe("Commande sur la machine");
    expect(actorName("robot:x", people)).toBe("robot:x");
  });

  it("says details in words", () => {
    expect(plain(detailWords({ from: "agent", to: "supervisor" }))).toBe("de : Conseiller, à : Superviseur");
    expect(plain(detailWords({ rows: 214, complete: true, new_one: "x" }))).toBe(
      "lignes : 214, complet : oui, new one : x",
    );
    expect(plain(detailWords({ channel: "phone", verdict: "wrong_answer", why: "code" }))).toBe(
      "canal : téléphone, avis : réponse fausse, à cause de : code",
    );
    expect(plain(detailWords({ channel: "web", verdict: "missing_answer" }))).toBe(
      "canal : site, avis : réponse manquante",
    );
  });

  it("names browsers as people do", () => {
    const edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36 Edg/126.0";
    const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1";
    expect([edge, iphone, "curl/8"].map(browserName)).toEqual([
      "Edge sur Windows",
      "Safari sur iOS",
      "Navigateur inconnu",
    ]);
  });
});

describe("an export", () => {
  it("takes the filter of the search, and no more", () => {
    expect(String(filterOf(EMPTY_SEARCH))).toBe("handover=1");
    const search = { q: " paie ", channel: "phone", verdict: "right", onlyPeople: false } as const;
    expect(String(filterOf(search))).toBe("q=paie&channel=phone&verdict=right");
  });

  it("counts rows wherever the parts are cut, and not the lines within a cell", () => {
    const table = new TextEncoder().encode('\ufeffA;B\r\n"un\ndeux";1\r\n"trois";2\r\n');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: table.length })), (cuts) => {
        const counter = new RowCounter();
        const places = [0, ...cuts.sort((a, b) => a - b), table.length];
        for (const [index, place] of places.slice(1).entries()) {
          counter.add(table.slice(places[index], place));
        }
        expect(counter.rows).toBe(2);
      }),
    );
  });
});
