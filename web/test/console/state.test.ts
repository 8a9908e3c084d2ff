import { describe, expect, it } from "vitest";
import { canWrite, groups } from "../../src/console/looks";
import { attention, newsOf } from "../../src/console/news";
import { FIRST, type Happening, next, type State } from "../../src/console/state";
import type { Agent, Detail, Handover, LogMessage, Overview } from "../../src/console/wire";

const ME: Agent = {
  id: "me",
  name: "Jeanne D.",
  role: "agent",
  teams: [],
  skills: [],
  status: "available",
  capacity: 3,
  load: 0,
  takes_calls: false,
  viewing: null,
};

function handover(id: string, change: Partial<Handover> = {}): Handover {
  return {
    id,
    conversation_id: `c-${id}`,
    channel: "web",
    state: "queued",
    version: 1,
    reason: "asked",
    refusal: null,
    ending: null,
    requested_at: "2026-11-22T10:00:00Z",
    waiting_since: "2026-11-22T10:00:00Z",
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
    on_line: false,
    line: null,
    ...change,
  };
}

function overview(...handovers: Handover[]): Overview {
  const service = {
    open: true,
    next_opening: null,
    hours: [],
    staffed: true,
    mode: "manual" as const,
    waiting: 0,
    longest_wait_seconds: null,
    teams: [],
    can_dial: false,
    time_zone: "Europe/Paris",
    calls: { enabled: false, ways: [] },
  };
  return {
    version: 1,
    now: "2026-11-22T10:00:00Z",
    me: ME,
    service,
    handovers,
    agents: [ME],
    callbacks: [],
    messages: [],
  };
}

function happened(state: State, ...happenings: Happening[]): State {
  return happenings.reduce(next, state);
}

function started(...handovers: Handover[]): State {
  return happened(FIRST, { is: "frame", frame: { type: "snapshot", ...overview(...handovers) }, at: 0 });
}

function put(...handovers: Handover[]): Happening {
  const changes = { version: 2, now: "2026-11-22T10:00:01Z", handovers: { put: handovers, gone: [] } };
  return { is: "frame", frame: { type: "changes", ...changes }, at: 0 };
}

const MINE = { id: "me", name: "Jeanne D." };

describe("the queue", () => {
  it("has those who were handed back first, then the higher priority, then the longest wait", () => {
    const state = started(
      handover("late", { waiting_since: "2026-11-22T10:05:00Z" }),
      handover("early", { waiting_since: "2026-11-22T09:00:00Z" }),
      handover("urgent", { priority: 5, waiting_since: "2026-11-22T10:06:00Z" }),
      handover("back", { front: true, waiting_since: "2026-11-22T10:07:00Z" }),
    );
    expect(groups(state).waiting.map(({ id }) => id)).toEqual(["back", "urgent", "early", "late"]);
  });

  it("tells mine, those who wait and colleagues' apart, what is offered to me first", () => {
    const state = started(
      handover("a", { state: "active", agent: MINE }),
      handover("o", { state: "offered", agent: MINE }),
      handover("w"),
      handover("x", { state: "active", agent: { id: "karim", name: "Karim B." } }),
    );
    const { mine, waiting, others } = groups(state);
    expect([mine, waiting, others].map((group) => group.map(({ id }) => id))).toEqual([["o", "a"], ["w"], ["x"]]);
    expect(attention(state)).toBe(2);
  });

  it("is not taken back by an answer that was overtaken by a newer frame", () => {
    const state = happened(started(handover("a")), put(handover("a", { version: 3, state: "active", agent: MINE })), {
      is: "put",
      handover: handover("a", { version: 2, state: "offered", agent: MINE }),
    });
    expect(state.handovers[0]?.state).toBe("active");
  });

  it("does not get back what is over by an answer that comes late, but by the server's own word", () => {
    const changes = { version: 3, now: "2026-11-22T10:00:02Z", handovers: { put: [], gone: ["a"] } };
    const over = happened(started(handover("a")), { is: "frame", frame: { type: "changes", ...changes }, at: 0 });
    const taken = handover("a", { version: 2, state: "active", agent: MINE });
    expect(happened(over, { is: "put", handover: taken }).handovers).toEqual([]);
    expect(happened(over, put(taken)).handovers).toEqual([taken]);
    expect(happened(over, put(taken), { is: "put", handover: { ...taken, version: 3 } }).handovers).toHaveLength(1);
  });

  it("loses what is over", () => {
    expect(happened(started(handover("a")), put(handover("a", { version: 2, state: "closed" }))).handovers).toEqual([]);
  });
});

describe("news", () => {
  it("are the new ones only, and the first picture is none", () => {
    const first = started(handover("a"));
    expect(newsOf(FIRST, first).waiting).toEqual([]);
    const second = happened(first, put(handover("b"), handover("a", { version: 2 })));
    expect(newsOf(first, second).waiting.map(({ id }) => id)).toEqual(["b"]);
    const offered = happened(second, put(handover("b", { version: 2, state: "offered", agent: MINE })));
    expect(newsOf(second, offered).offered.map(({ id }) => id)).toEqual(["b"]);
    expect(newsOf(offered, offered).offered).toEqual([]);
  });

  it("are what is offered to me now, though it was offered to a colleague a moment ago", () => {
    const karims = started(handover("a", { state: "offered", agent: { id: "karim", name: "Karim" } }));
    const nowMine = happened(karims, put(handover("a", { version: 2, state: "offered", agent: MINE })));
    expect(newsOf(karims, nowMine).offered.map(({ id }) => id)).toEqual(["a"]);
  });

  it("are who waits again after an agent has had them", () => {
    const taken = started(handover("a", { state: "active", agent: { id: "karim", name: "Karim" } }));
    const back = happened(taken, put(handover("a", { version: 2, state: "queued", agent: null })));
    expect(newsOf(taken, back).waiting.map(({ id }) => id)).toEqual(["a"]);
  });
});

function detail(...messages: LogMessage[]): Detail {
  return {
    id: "c-a",
    channel: "web",
    mode: "human",
    started_at: "2026-11-22T10:00:00Z",
    ended_at: null,
    ended_reason: null,
    phase: null,
    messages,
    turns: [],
    handovers: [],
    payload: null,
    history: [],
    notes: [],
    annotations: [],
    callbacks: [],
    desk_messages: [],
    viewers: [],
  };
}

function agentSaid(seq: number, text: string): LogMessage {
  return { type: "agent", seq, at: "2026-11-22T10:00:00Z", name: "Jeanne D.", text };
}

function message(conversation_id: string, said: LogMessage): Happening {
  return { is: "frame", frame: { type: "message", conversation_id, message: said }, at: 0 };
}

describe("the open conversation", () => {
  const open = happened(
    started(handover("a", { state: "active", agent: MINE })),
    { is: "opened", id: "c-a" },
    { is: "detail", detail: detail(agentSaid(1, "un")) },
  );

  it("keeps the log in order and each message once, however they arrive", () => {
    const state = happened(
      open,
      message("c-a", agentSaid(3, "trois")),
      message("c-a", agentSaid(2, "deux")),
      message("c-a", agentSaid(3, "trois")),
      message("c-other", agentSaid(4, "ailleurs")),
    );
    expect(state.open?.detail?.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it.each([["the answer first"], ["the frame first"]])("shows an own message once: %s", (order) => {
    const sending: Happening = {
      is: "outgoing",
      id: "c-a",
      message: { client_id: "k", text: "deux", state: "sending" },
    };
    const sent: Happening = {
      is: "outgoing",
      id: "c-a",
      message: { client_id: "k", text: "deux", state: "sent", seq: 2 },
    };
    const frame = message("c-a", agentSaid(2, "deux"));
    const state = happened(open, sending, ...(order === "the answer first" ? [sent, frame] : [frame, sent]));
    expect(state.open?.outgoing).toEqual([]);
    expect(state.open?.detail?.messages.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it("has what could not be sent again when the agent comes back to it", () => {
    const message = { client_id: "k", text: "deux" } as const;
    const away = happened(
      open,
      { is: "outgoing", id: "c-a", message: { ...message, state: "sending" } },
      { is: "opened", id: "c-b" },
      { is: "outgoing", id: "c-a", message: { ...message, state: "failed", problem: "Panne." } },
    );
    expect(away.open?.outgoing).toEqual([]);
    const back = happened(away, { is: "opened", id: "c-a" });
    expect(back.open?.outgoing).toEqual([{ ...message, state: "failed", problem: "Panne." }]);
    const sent = happened(
      back,
      { is: "outgoing", id: "c-a", message: { ...message, state: "sent", seq: 2 } },
      { is: "opened", id: null },
      { is: "opened", id: "c-a" },
      { is: "detail", detail: detail(agentSaid(2, "deux")) },
    );
    expect(sent.open?.outgoing).toEqual([]);
  });

  it("takes nothing that was asked for another conversation", () => {
    const state = happened(open, { is: "opened", id: "c-b" }, { is: "detail", detail: detail(agentSaid(1, "un")) });
    expect(state.open?.detail).toBeNull();
    expect(happened(open, { is: "suggestions", id: "c-b", suggestions: [] }).open?.suggestions).toBeNull();
  });

  it("can be written to by its owner only, and never when it is a call", () => {
    expect(canWrite(open)).toBe(true);
    const others = { id: "karim", name: "Karim B." };
    expect(canWrite(happened(open, put(handover("a", { version: 2, state: "active", agent: others }))))).toBe(false);
    const call = handover("a", { version: 2, state: "active", agent: MINE, channel: "phone" });
    expect(canWrite(happened(open, put(call)))).toBe(false);
  });

  it("keeps a draft for each conversation", () => {
    const state = happened(open, { is: "draft", id: "c-a", text: "à moitié" }, { is: "opened", id: "c-b" });
    expect(state.drafts).toEqual({ "c-a": "à moitié" });
    expect(happened(state, { is: "draft", id: "c-a", text: "" }).drafts).toEqual({});
  });
});

describe("a search", () => {
  it("is not answered by what an older one found", () => {
    const older = { ...FIRST.history.search, q: "vieux" };
    const newer = { ...FIRST.history.search, q: "neuf" };
    const state = happened(
      FIRST,
      { is: "search", search: older },
      { is: "search", search: newer },
      { is: "found", search: older, found: [], next: "x", more: false },
    );
    expect(state.history.found).toBeNull();
  });
});

it("signing out forgets everything", () => {
  const state = happened(
    started(handover("a")),
    { is: "draft", id: "c-a", text: "secret" },
    { is: "session", session: "signed_out" },
  );
  expect(state).toEqual({ ...FIRST, session: "signed_out" });
});
