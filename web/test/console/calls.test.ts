import { describe, expect, it } from "vitest";
import beginning from "../../../bot/desk/calling_back.py?raw";
import decisions from "../../../bot/desk/handover.py?raw";
import {
  asking,
  endOf,
  endOfMine,
  isOver,
  isReached,
  mayEnd,
  mayHangUp,
  myCall,
  type Phone,
  QUIET,
  ringing,
  type Standing,
  standing,
  waitBefore,
  waitingCalls,
  wayBack,
  wayOf,
} from "../../src/console/calls";
import { commandOf } from "../../src/console/keys";
import { placeOf, promiseOf } from "../../src/console/looks";
import { newsOf } from "../../src/console/news";
import { FIRST, type State } from "../../src/console/state";
import { callerIn, spokenEnd, texts, wrapUpOf } from "../../src/console/texts";
import type { Agent, Callback, Handover, Line, Service } from "../../src/console/wire";

const AT = "2026-11-22T10:00:00Z";
const ME: Agent = {
  id: "me",
  name: "Jeanne D.",
  role: "agent",
  teams: [],
  skills: [],
  status: "available",
  capacity: 3,
  load: 0,
  takes_calls: true,
  viewing: null,
};
const KARIM = { id: "karim", name: "Karim B." };
const SERVICE: Service = {
  open: true,
  next_opening: null,
  hours: [],
  staffed: true,
  mode: "manual",
  waiting: 0,
  longest_wait_seconds: null,
  teams: [],
  can_dial: true,
  time_zone: "Europe/Paris",
  calls: { enabled: true, ways: ["browser", "phone"] },
};

function call(id: string, change: Partial<Handover> = {}): Handover {
  return {
    id,
    conversation_id: `c-${id}`,
    channel: "phone",
    state: "queued",
    version: 1,
    reason: "asked",
    refusal: null,
    ending: null,
    requested_at: AT,
    waiting_since: AT,
    taken_at: null,
    deadline: null,
    priority: 0,
    front: false,
    team: "",
    skills: [],
    position: null,
    wait_seconds: null,
    agent: null,
    declined: [],
    last_words: "",
    subject: null,
    heard_confidence: null,
    summary: "",
    phase: null,
    callback_number: null,
    on_line: true,
    line: null,
    ...change,
  };
}

function state(handovers: readonly Handover[], me: Partial<Agent> = {}, service: Partial<Service> = {}): State {
  return { ...FIRST, session: "signed_in", me: { ...ME, ...me }, service: { ...SERVICE, ...service }, handovers };
}

const ids = (calls: readonly Handover[]) => calls.map(({ id }) => id);
const mine = (change: Partial<Handover> = {}) => call("mine", { state: "active", agent: ME, ...change });

describe("what rings", () => {
  it("is who waits on the line, for an agent who takes calls, is there and has room", () => {
    const waiting = [call("a"), call("b", { channel: "web", on_line: false }), call("missed", { on_line: false })];
    expect(ids(ringing(state(waiting), []))).toEqual(["a"]);
    expect(ringing(state(waiting, { takes_calls: false }), [])).toEqual([]);
    expect(ringing(state(waiting, { status: "away" }), [])).toEqual([]);
    expect(ringing(state(waiting, { load: 3 }), [])).toEqual([]);
  });

  it("is only for my team and skills, and not what I declined", () => {
    const waiting = [call("paie", { team: "paie" }), call("en", { skills: ["en"] }), call("no", { declined: ["me"] })];
    expect(ids(ringing(state(waiting), []))).toEqual(["paie"]); // without teams: of all
    expect(ids(ringing(state(waiting, { teams: ["paie"], skills: ["en"] }), []))).toEqual(["paie", "en"]);
    expect(ringing(state(waiting, { teams: ["ccas"] }), [])).toEqual([]);
  });

  it("is what is offered to me, where the desk distributes", () => {
    const offered = call("o", { state: "offered", agent: ME });
    const others = [call("a"), call("k", { state: "offered", agent: KARIM })];
    expect(ids(ringing(state([...others, offered], {}, { mode: "automatic" }), []))).toEqual(["o"]);
    expect(ids(ringing(state([...others, offered]), []))).toEqual(["o", "a"]);
  });

  it("is nothing at all while I speak, or write up the last call", () => {
    const waiting = call("a");
    expect(ringing(state([waiting, mine()]), [])).toEqual([]);
    expect(ids(waitingCalls(state([waiting, mine()])))).toEqual(["a"]);
    expect(ringing(state([waiting, mine({ state: "wrap_up", on_line: false })]), [])).toEqual([]);
  });

  it("leaves out what I do not want now, unless a colleague gives it to me", () => {
    expect(ringing(state([call("a")]), ["a"])).toEqual([]);
    expect(ids(ringing(state([call("a", { state: "offered", agent: ME })]), ["a"]))).toEqual(["a"]);
  });

  it("does not sound as other news do", () => {
    const { offered, waiting } = newsOf(state([]), state([call("a"), call("o", { state: "offered", agent: ME })]));
    expect([offered, waiting]).toEqual([[], []]);
    expect(ids(newsOf(state([]), state([call("missed", { on_line: false })])).waiting)).toEqual(["missed"]);
  });
});

describe("why a call rings no more", () => {
  const rang = call("a");
  const offered = call("a", { state: "offered", agent: ME });

  it.each<[string, Handover, Handover[], string | null]>([
    ["a colleague took it", rang, [call("a", { state: "active", agent: KARIM })], "Karim B. a pris cet appel."],
    [
      "it is offered to a colleague",
      offered,
      [call("a", { state: "offered", agent: KARIM })],
      "Karim B. reçoit maintenant cet appel.",
    ],
    ["the caller hung up", rang, [call("a", { on_line: false })], texts.calls.left],
    ["I did not answer", offered, [rang], texts.calls.missed],
    ["it is over", rang, [], texts.calls.gone],
    ["it is mine", rang, [mine({ id: "a" })], null],
    ["nothing has become of it", rang, [rang], null],
  ])("%s", (_, before, after, words) => {
    const end = endOf(before, state(after));
    expect(end && spokenEnd(end)).toBe(words);
  });
});

describe("what became of my call without me", () => {
  const was = mine();

  it.each<[string, Handover[], ReturnType<typeof endOfMine>]>([
    ["the caller hung up", [mine({ state: "wrap_up", on_line: false, ending: "left" })], "left"],
    ["the line transferred it", [mine({ state: "wrap_up", on_line: false, ending: "transferred" })], "passed"],
    ["a supervisor took it", [mine({ agent: KARIM })], "passed"],
    ["it is offered to a colleague", [mine({ state: "offered", agent: KARIM })], "passed"],
    ["the connection was lost for good", [mine({ state: "queued", agent: null, front: true })], "lost"],
    ["I gave it back elsewhere", [mine({ state: "wrap_up", on_line: false, ending: "returned" })], null],
    ["I hung up elsewhere", [mine({ state: "wrap_up", on_line: false, ending: "closed" })], null],
    ["it is erased", [], null],
  ])("%s", (_, after, end) => {
    expect(endOfMine(was, state(after))).toBe(end);
  });
});

describe("while the microphone is asked for", () => {
  const phone: Phone = { ...QUIET, id: "a", stage: "asking" };
  const waits = call("a");
  const offered = call("a", { state: "offered", agent: ME });

  it.each<[string, Handover, Handover[], boolean]>([
    ["the call waits", waits, [call("a", { last_words: "allô" })], false],
    ["it is offered to me", waits, [offered], false],
    ["it is mine already, in another tab", waits, [mine({ id: "a" })], false],
    ["a colleague took it", waits, [call("a", { state: "active", agent: KARIM })], true],
    ["the caller hung up", waits, [call("a", { on_line: false })], true],
    ["the offer has gone on", offered, [waits], true],
    ["nothing is known of it any more", waits, [], true],
    ["I had it, and it went back to the queue", mine({ id: "a" }), [waits], true],
  ])("%s", (_, before, after, over) => {
    expect(isOver(phone, state([before]), state(after))).toBe(over);
  });

  it("only a call that I do not have yet can be declined", () => {
    expect(asking(phone, state([waits]))?.id).toBe("a");
    expect(asking(phone, state([mine({ id: "a" })]))).toBeNull();
    expect(asking({ ...phone, stage: "claiming" }, state([waits]))).toBeNull();
  });

  it("the desk's answer is waited for, and a call that is held is kept as long as it is mine", () => {
    expect(isOver({ ...phone, stage: "claiming" }, state([waits]), state([]))).toBe(false);
    expect(isOver({ ...phone, stage: "on" }, state([mine({ id: "a" })]), state([mine({ id: "a" })]))).toBe(false);
    expect(isOver({ ...phone, stage: "on" }, state([mine({ id: "a" })]), state([waits]))).toBe(true);
    expect(isOver(QUIET, state([waits]), state([]))).toBe(false);
  });
});

describe("how my call stands", () => {
  const line = (way: Line["way"], at: Line["state"]): Partial<Handover> => ({ line: { way, state: at, since: AT } });
  const held: Phone = { ...QUIET, id: "mine", stage: "on" };

  it.each<[Standing, Partial<Handover>, Phone]>([
    ["connecting", line("browser", "connecting"), { ...held, stage: "connecting" }],
    ["talking", line("browser", "joined"), held],
    ["held", line("browser", "held"), held],
    ["reconnecting", line("browser", "lost"), { ...held, stage: "lost" }],
    ["blocked", line("browser", "joined"), { ...held, stage: "blocked" }],
    ["failed", line("browser", "lost"), { ...held, stage: "failed" }],
    ["resume", line("browser", "lost"), QUIET],
    ["resume", {}, QUIET],
    ["elsewhere", line("browser", "joined"), QUIET],
    ["phone_rings", line("phone", "ringing"), QUIET],
    ["talking", line("phone", "joined"), QUIET],
    ["held", line("phone", "held"), QUIET],
    ["phone_lost", line("phone", "lost"), QUIET],
    ["transferring", line("transfer", "connecting"), QUIET],
  ])("%s", (expected, change, phone) => {
    expect(standing(mine(change), phone)).toBe(expected);
    expect(texts.calls.standing[expected] && texts.calls.caller[expected]).toBeTruthy();
  });

  it("is mine only while somebody is on the line", () => {
    expect(myCall(state([mine()]))?.id).toBe("mine");
    expect(myCall(state([mine({ on_line: false }), mine({ agent: KARIM }), mine({ state: "wrap_up" })]))).toBeNull();
  });

  it("lets nobody hang up on a caller whom nobody has spoken to", () => {
    expect((["connecting", "phone_rings", "transferring"] as const).map(mayHangUp)).toEqual([false, false, false]);
    expect((["talking", "held", "phone_lost", "failed"] as const).map(mayHangUp)).toEqual([true, true, true, true]);
  });
});

describe("taking a call", () => {
  it("is done as I chose, as long as the installation offers it", () => {
    expect(wayOf(state([]), "phone")).toBe("phone");
    expect(wayOf(state([]), "")).toBe("browser");
    expect(wayOf(state([]), "transfer")).toBe("browser");
    expect(wayOf(state([], {}, { calls: { enabled: false, ways: ["browser"] } }), "browser")).toBeNull();
  });

  it("is one key, and with Alt inside a field too", () => {
    const key = { key: "l", code: "KeyL", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };
    expect(commandOf(key, false, true)).toBe("call");
    expect(commandOf(key, true, true)).toBeNull();
    expect(commandOf({ ...key, key: "¬", altKey: true }, true, true)).toBe("call");
    expect(commandOf({ ...key, altKey: true }, true, false)).toBeNull();
  });

  it("is tried again at once, then ever more slowly, and never given long pauses: a person waits", () => {
    expect([0, 1, 2, 3, 4, 9].map(waitBefore)).toEqual([0, 500, 1000, 2000, 4000, 4000]);
  });
});

describe("calling back", () => {
  const PROMISE: Callback = {
    id: "p",
    conversation_id: "c-before",
    handover_id: null,
    version: 1,
    state: "promised",
    name: "Mme Petit",
    number: "+33612345678",
    slot: null,
    promised_at: AT,
    due_at: AT,
    overdue: false,
    attempts: 0,
    dialled_at: null,
    ended_at: null,
    on_time: null,
    agent: null,
    note: "",
    call_id: null,
    reason: "asked",
    summary: "",
  };
  const BACK = call("back", { reason: "callback", state: "active", agent: ME, on_line: true });

  it("is for me where I take calls, in a way in which I can; otherwise the bot calls", () => {
    expect(wayBack(state([]), "")).toBe("browser");
    expect(wayBack(state([]), "phone")).toBe("phone");
    expect(wayBack(state([]), "transfer")).toBe("browser");
    expect(wayBack({ ...state([]), me: { ...ME, takes_calls: false } }, "")).toBeNull();
    for (const service of [
      { ...SERVICE, can_dial: false },
      { ...SERVICE, calls: { enabled: false, ways: SERVICE.calls.ways } },
      { ...SERVICE, calls: { enabled: true, ways: ["transfer"] as const } },
    ]) {
      expect(wayBack({ ...state([]), service }, "")).toBeNull();
    }
  });

  it("waits for the microphone as long as nobody else calls", () => {
    const asked = { ...QUIET, id: "p", stage: "asking" } as const;
    const before = { ...state([]), callbacks: [PROMISE] };
    expect(isOver(asked, before, before)).toBe(false);
    expect(isOver(asked, before, { ...before, callbacks: [{ ...PROMISE, state: "dialling" }] })).toBe(true);
  });

  it.each<[Standing, Line["state"], boolean]>([
    ["calling", "calling", false],
    ["talking", "joined", true],
    ["held", "held", true],
  ])("%s", (expected, is, reached) => {
    const now = { ...BACK, line: { way: "browser", state: is, since: AT } as const };
    expect(standing(now, { ...QUIET, id: "back", stage: "on" })).toBe(expected);
    expect(standing({ ...now, line: { ...now.line, way: "phone" } }, QUIET)).toBe(expected);
    expect(isReached(now)).toBe(reached);
    expect(mayEnd("connecting", now)).toBe(true);
  });

  it("says what is true of the person, whatever has become of my own end while their telephone rings", () => {
    const rings = { ...BACK, line: { way: "browser", state: "calling", since: AT } as const };
    expect(callerIn("resume", rings)).toBe("Le téléphone de la personne sonne\u00a0: reprenez ici.");
    expect(callerIn("resume", { ...BACK, line: { ...rings.line, state: "connecting" } })).toMatch(/^Personne n’est/);
    for (const stands of ["reconnecting", "phone_lost", "failed"] as const) {
      expect(callerIn(stands, rings)).not.toMatch(/personne patiente/i);
    }
    expect(callerIn("resume", { ...BACK, line: { ...rings.line, state: "lost" } })).toBe(texts.calls.caller.resume);
  });

  it("ends with what has become of the promise", () => {
    expect(wrapUpOf({ ...PROMISE, state: "kept" })).toBe(texts.callbacks.wrapUp);
    expect(wrapUpOf({ ...PROMISE, state: "missed" })).toBe("Le rappel est noté «\u00a0sans réponse\u00a0».");
    expect(wrapUpOf({ ...PROMISE, state: "promised" })).toBe(texts.callbacks.toCallAgain);
  });

  it("is read where it was promised", () => {
    const after = { ...state([BACK]), callbacks: [{ ...PROMISE, state: "dialling" as const, call_id: "back" }] };
    expect(placeOf(after, BACK)).toBe("c-before");
    expect(placeOf(after, call("other"))).toBe("c-other");
    expect(promiseOf(after, BACK)?.name).toBe("Mme Petit");
  });
});

describe("what has happened to a request", () => {
  const written = `${decisions}${beginning}`.matchAll(
    /(?:Decision\(.*|_end\(case, State\.\w+, now|_over\(case, VisitorState\.\w+|EventRecord\(request\.id, now), "(\w+)"/g,
  );
  const kinds = new Set([...written].flatMap(([, kind]) => kind ?? []));

  it("is told in French", () => {
    expect(kinds).toContain("calls_back");
    expect(kinds.size).toBeGreaterThan(20);
    expect([...kinds].filter((kind) => !(kind in texts.events))).toEqual([]);
  });
});
