import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Me } from "../../src/console/accounts";
import { Desk } from "../../src/console/desk";
import { texts } from "../../src/console/texts";
import type { Agent, Handover, Overview } from "../../src/console/wire";

const NOW = "2026-11-22T10:00:00Z";
const ME = { id: "me", name: "Jeanne D.", role: "agent", status: "available", viewing: null } as unknown as Agent;
const MINE = {
  id: "h",
  conversation_id: "c",
  channel: "web",
  state: "active",
  version: 1,
  agent: ME,
} as unknown as Handover;
const SIGNED_IN = { agent: { id: "me" }, csrf: "k", permissions: ["desk.take"], pending: null } as unknown as Me;
const REFUSED = { error: { code: "unavailable", text: "Le service ne répond pas." } };
const ENDED = { error: { code: "unauthorized", text: "Vous n’êtes pas connecté." } };

interface Ask {
  readonly path: string;
  readonly body: unknown;
  answer(status: number, body: unknown): Promise<void>;
}

class Socket {
  static readonly OPEN = 1;
  readonly readyState = Socket.OPEN;
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (event: { data: string }) => void;

  constructor() {
    sockets.push(this);
  }

  isClosed = false;

  send(): void {}

  close(): void {
    this.isClosed = true;
  }

  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

let asks: Ask[] = [];
let sockets: Socket[] = [];

beforeEach(() => {
  asks = [];
  sockets = [];
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("location", { href: "https://service.example/console/" });
  vi.stubGlobal("document", { getElementById: () => null });
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("fetch", (path: string, { body }: RequestInit) => {
    return new Promise((resolve) => {
      asks.push({
        path,
        body: body && JSON.parse(String(body)),
        answer: (status, said) => {
          resolve({ ok: status < 400, status, json: async () => said });
          return settled();
        },
      });
    });
  });
});

/** Whatever follows at once from what has been answered has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The desk answers what it was asked first on this path. */
async function answered(end: string, status: number, body: unknown): Promise<void> {
  await settled();
  const [first] = asked(end);
  expect(first, end).toBeDefined();
  await first?.answer(status, body);
}

function asked(end: string): Ask[] {
  return asks.filter(({ path }) => path.endsWith(end));
}

function overview(version: number, ...handovers: Handover[]): Overview {
  const service = { time_zone: "Europe/Paris", mode: "manual", calls: { enabled: false, ways: [] } };
  return {
    version,
    now: NOW,
    me: ME,
    service,
    handovers,
    agents: [ME],
    callbacks: [],
    messages: [],
  } as unknown as Overview;
}

/** At the desk, with a conversation that is mine. */
async function working(): Promise<{ desk: Desk; socket: Socket }> {
  const desk = new Desk();
  desk.known(SIGNED_IN);
  void desk.start();
  await asked("/overview").at(-1)?.answer(200, overview(1, MINE));
  const socket = sockets.at(-1) as Socket;
  socket.onopen?.();
  return { desk, socket };
}

describe("a message that could not be sent", () => {
  it("says so to who has gone to another conversation, and is there when they come back", async () => {
    const { desk } = await working();
    desk.open("c");
    desk.draft("c", "Votre dossier est prêt.");
    void desk.say("c", "Votre dossier est prêt.");
    desk.open("other");
    await answered("/c/messages", 503, REFUSED);
    expect(desk.state.toasts.map(({ text }) => text)).toEqual([texts.composer.notSent(REFUSED.error.text)]);
    desk.open("c");
    expect(desk.state.open?.outgoing).toMatchObject([{ text: "Votre dossier est prêt.", state: "failed" }]);
  });

  it("is told where it stands to who looks at it", async () => {
    const { desk } = await working();
    desk.open("c");
    void desk.say("c", "Votre dossier est prêt.");
    await answered("/c/messages", 503, REFUSED);
    expect(desk.state.toasts).toEqual([]);
    expect(desk.state.open?.outgoing).toMatchObject([{ state: "failed", problem: REFUSED.error.text }]);
  });

  it("is sent once more without the reply that is being written", async () => {
    const { desk } = await working();
    desk.open("c");
    desk.draft("c", "Un");
    void desk.say("c", "Un");
    expect(desk.state.drafts).toEqual({});
    await answered("/c/messages", 503, REFUSED);
    const [failed] = desk.state.open?.outgoing ?? [];
    desk.draft("c", "Deux, à moitié");
    void desk.say("c", "Un", failed?.client_id);
    await settled();
    expect(desk.state.drafts).toEqual({ c: "Deux, à moitié" });
    expect(asked("/c/messages").map(({ body }) => body)).toEqual([
      { client_id: failed?.client_id, text: "Un" },
      { client_id: failed?.client_id, text: "Un" },
    ]);
  });
});

describe("a press that waits for another to be answered", () => {
  it("is sent once that has been done", async () => {
    const { desk } = await working();
    void desk.giveBack(MINE);
    void desk.wrapUp(MINE, { verdict: "right" });
    expect(asked("/wrap_up")).toEqual([]);
    await answered("/return", 200, { ...MINE, state: "wrap_up", version: 2 });
    expect(asked("/wrap_up").map(({ body }) => body)).toEqual([{ verdict: "right" }]);
  });

  it("is not sent when that was refused: nobody ends what they wanted to pass on", async () => {
    const { desk } = await working();
    void desk.transfer(MINE, { team: "paie" }, "");
    void desk.finish(MINE);
    await answered("/transfer", 503, REFUSED);
    expect(asked("/close")).toEqual([]);
    expect(desk.state.toasts.map(({ text }) => text)).toEqual([REFUSED.error.text]);
    expect(desk.state.busy).toEqual([]);
    void desk.finish(MINE);
    await answered("/close", 200, { ...MINE, state: "wrap_up", version: 2 });
    expect(desk.state.handovers[0]?.state).toBe("wrap_up");
  });

  it("is not sent in another session, even where that has pressed something too", async () => {
    const { desk } = await working();
    void desk.hold(MINE, true);
    void desk.finish(MINE);
    desk.signedOut();
    desk.known({ csrf: "l", permissions: ["desk.take"] } as unknown as Me);
    void desk.start();
    await asked("/overview").at(-1)?.answer(200, overview(1, MINE));
    void desk.transfer(MINE, { team: "paie" }, "");
    await answered("/hold", 200, { ...MINE, version: 2 });
    expect(asked("/close")).toEqual([]);
    expect(asked("/transfer")).toHaveLength(1);
  });
});

describe("when the session has ended", () => {
  /** Another agent signs in, in the same page. */
  async function anotherSignsIn(desk: Desk): Promise<Agent> {
    const other = { ...ME, id: "other", name: "Karim B." };
    desk.known({ ...SIGNED_IN, agent: { id: "other" }, csrf: "l" } as unknown as Me);
    void desk.start();
    await asked("/overview")
      .at(-1)
      ?.answer(200, { ...overview(2, MINE), me: other, agents: [ME, other] });
    expect(desk.state.me?.name).toBe("Karim B.");
    return other;
  }

  /** The desk hears of it when it reads. */
  async function ended(desk: Desk): Promise<void> {
    desk.open("c");
    await answered("/conversations/c", 401, ENDED);
    expect(desk.state.session).toBe("signed_out");
  }

  it("what waits is never sent, whoever signs in next", async () => {
    const { desk } = await working();
    void desk.hold(MINE, true);
    void desk.finish(MINE);
    await ended(desk);
    await anotherSignsIn(desk);
    await answered("/hold", 200, { ...MINE, version: 2 });
    expect(asked("/close")).toEqual([]);
    expect(desk.state.busy).toEqual([]);
  });

  it("nothing that waits is sent either when a press was answered so", async () => {
    const { desk } = await working();
    void desk.hold(MINE, true);
    void desk.finish(MINE);
    await answered("/hold", 401, ENDED);
    await anotherSignsIn(desk);
    await settled();
    expect(asked("/close")).toEqual([]);
    expect(desk.state.toasts).toEqual([]);
  });

  it("the agent is told what was not done, until somebody signs in", async () => {
    const { desk } = await working();
    void desk.hold(MINE, true);
    void desk.transfer(MINE, { team: "paie" }, "");
    void desk.finish(MINE);
    void desk.note("c", "À rappeler demain");
    await ended(desk);
    expect(desk.state.notDone).toEqual(["transférer la conversation", "terminer l’échange"]);
    await answered("/notes", 401, ENDED);
    await answered("/hold", 200, { ...MINE, version: 2 });
    expect(desk.state.notDone).toEqual(["transférer la conversation", "terminer l’échange", "enregistrer la note"]);
    await anotherSignsIn(desk);
    expect(desk.state.notDone).toEqual([]);
  });

  it("nothing is said not to have been done where all of it was", async () => {
    const { desk } = await working();
    void desk.hold(MINE, true);
    await ended(desk);
    await answered("/hold", 200, { ...MINE, version: 2 });
    expect(desk.state.notDone).toEqual([]);
  });

  it("a message that was on its way is not for the next agent to send again", async () => {
    const { desk } = await working();
    desk.open("c");
    void desk.say("c", "Votre dossier est prêt.");
    await answered("/conversations/c", 401, ENDED);
    await anotherSignsIn(desk);
    await answered("/c/messages", 401, ENDED);
    expect(desk.state.session).toBe("signed_in");
    expect(desk.state.unsent).toEqual({});
    expect(desk.state.toasts).toEqual([]);
    desk.open("c");
    expect(desk.state.open?.outgoing).toEqual([]);
  });

  it("a message that was refused so is named among what was not done", async () => {
    const { desk } = await working();
    desk.open("c");
    void desk.say("c", "Votre dossier est prêt.");
    await answered("/c/messages", 401, ENDED);
    expect(desk.state.notDone).toEqual(["envoyer votre message"]);
  });

  it("a late answer to the one before makes nobody somebody else, and takes nobody's session", async () => {
    const { desk } = await working();
    void desk.presence({ status: "away" });
    void desk.number("4521");
    void desk.answers("carte");
    await ended(desk);
    const other = await anotherSignsIn(desk);
    const [status, number] = asked("/presence");
    await status?.answer(200, { ...ME, status: "away" });
    await number?.answer(200, ME);
    await answered("/answers?q=carte", 401, ENDED);
    expect(desk.state.me).toEqual(other);
    expect(desk.state.session).toBe("signed_in");
  });

  it("who has signed in instead, in another tab, is sent nothing that waits either, and reads what was not done", async () => {
    const { desk, socket } = await working();
    void desk.hold(MINE, true);
    void desk.finish(MINE);
    desk.draft("c", "À moitié écrit");
    socket.onclose?.();
    await answered("/me", 200, { ...SIGNED_IN, agent: { id: "other" }, csrf: "l" });
    await asked("/overview")
      .at(-1)
      ?.answer(200, { ...overview(2, MINE), me: { ...ME, id: "other" } });
    await answered("/hold", 200, { ...MINE, version: 2 });
    expect(asked("/close")).toEqual([]);
    expect(desk.state).toMatchObject({ session: "signed_in", me: { id: "other" }, drafts: {}, busy: [] });
    expect(desk.state.toasts.map(({ text }) => text)).toEqual([texts.notDone.another("terminer l’échange")]);
    expect(sockets).toHaveLength(2);
  });

  it("the same agent's new session, in another tab, is this one's: what waits is sent", async () => {
    const { desk, socket } = await working();
    void desk.hold(MINE, true);
    void desk.finish(MINE);
    socket.onclose?.();
    await answered("/me", 200, { ...SIGNED_IN, csrf: "l" });
    await answered("/hold", 200, { ...MINE, version: 2 });
    expect(asked("/close")).toHaveLength(1);
  });

  it("the next agent has a socket of their own, and the one before tells nothing any more", async () => {
    const { desk, socket } = await working();
    await ended(desk);
    expect(socket.isClosed).toBe(true);
    socket.says({ type: "snapshot", ...overview(3, MINE) });
    expect(desk.state.session).toBe("signed_out");
    await anotherSignsIn(desk);
    expect(sockets).toHaveLength(2);
  });
});

it("a request can be pressed again after a fault in the page", async () => {
  const { desk } = await working();
  const forget = desk.subscribe(() => {
    forget();
    throw new Error("a view");
  });
  await expect(desk.giveBack(MINE)).rejects.toThrow("a view");
  expect(desk.state.busy).toEqual([]);
  asks = [];
  void desk.giveBack(MINE);
  await answered("/return", 200, { ...MINE, state: "wrap_up", version: 2 });
  expect(desk.state.handovers[0]?.state).toBe("wrap_up");
});

it("whoever listens hears what happens, whatever fault another has", async () => {
  const { desk } = await working();
  desk.subscribe(() => {
    throw new Error("a sound");
  });
  const heard: string[] = [];
  desk.subscribe((_, after) => heard.push(after.tab));
  expect(() => desk.show("callbacks")).toThrow("a sound");
  expect(heard).toEqual(["callbacks"]);
});

describe("after a cut", () => {
  async function cut() {
    const { desk, socket } = await working();
    socket.onclose?.();
    await answered("/me", 200, SIGNED_IN);
    const [, fetched] = asked("/overview");
    expect(desk.state.link).toBe("lost");
    return { desk, fetched };
  }

  it("the picture that was asked for does not replace a newer one of the new socket", async () => {
    const { desk, fetched } = await cut();
    desk.reconnect();
    sockets.at(-1)?.says({ type: "snapshot", ...overview(7, MINE) });
    await fetched?.answer(200, overview(3));
    expect(desk.state.handovers.map(({ id }) => id)).toEqual(["h"]);
  });

  it("the picture that was asked for is shown while there is no socket", async () => {
    const { desk, fetched } = await cut();
    await fetched?.answer(200, overview(3));
    expect(desk.state.handovers).toEqual([]);
  });

  it("the new socket's picture counts, also of a database that was restored", async () => {
    const { desk, fetched } = await cut();
    await fetched?.answer(200, overview(9, MINE));
    desk.reconnect();
    sockets.at(-1)?.says({ type: "snapshot", ...overview(2) });
    expect(desk.state.handovers).toEqual([]);
  });
});

describe("two switches of mine", () => {
  it("both stay as they were set when their answers cross on the way", async () => {
    const { desk } = await working();
    void desk.presence({ status: "away" });
    void desk.presence({ takes_calls: true });
    await settled();
    const [status, calls] = asked("/presence");
    await calls?.answer(200, { ...ME, status: "away", takes_calls: true });
    await status?.answer(200, { ...ME, status: "away", takes_calls: false });
    expect(desk.state.me).toMatchObject({ status: "away", takes_calls: true });
  });
});
