import { beforeEach, expect, test, vi } from "vitest";
import { Engine } from "../../src/widget/engine";
import { readOptions } from "../../src/widget/options";
import { FakeEnvironment } from "./fake-environment";

const AT = "2026-11-22T10:00:00Z";
const SERVICE = {
  service: "Aide",
  greeting: "Bonjour",
  suggestions: [],
  max_message_chars: 2000,
  person: { open: true, staffed: true, hours: [], next_opening: null, slots: [], messages: true },
  voice: { listen: false, speak: false },
};
const AROUND = { script: "https://guichet.example.org/widget.js", page: "https://mairie.example.fr/", language: "fr" };

let world: FakeEnvironment;
let engine: Engine;

beforeEach(() => {
  world = new FakeEnvironment();
  world.answers = { "GET /api/service": SERVICE, "POST /api/conversations": { id: "c1", token: "secret" } };
  engine = new Engine(
    readOptions({}, AROUND, () => {}),
    world,
  );
});

async function talking(): Promise<void> {
  engine.actions.open();
  engine.actions.send("Comment adhérer ?");
  await world.settle();
  world.socket.listener.opened();
  world.socket.says({ type: "welcome", seq: 0, handover: null });
  world.socket.says({ type: "person", seq: 1, at: AT, text: "Comment adhérer ?", client_id: "id1" });
}

test("before the visitor acts, nothing is touched: no storage, no network, no timer", async () => {
  engine.begin();
  engine.watch(() => {});
  await world.pass(60_000);
  expect(world.touched).toEqual([]);
  expect(world.timers).toEqual([]);
});

test("opening asks what the service offers, and begins no conversation", async () => {
  engine.actions.open();
  await world.settle();
  expect(world.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /api/service?lang=fr"]);
  expect(engine.model.service?.greeting).toBe("Bonjour");
  expect(world.saved).toBeNull();
});

test("a message is shown at once, delivered once, and keeps its place and its key", async () => {
  await talking();
  const [item] = engine.model.items;
  expect(item).toMatchObject({ kind: "person", key: "id1", text: "Comment adhérer ?", delivery: "sent" });
  world.socket.says({ type: "received", client_id: "id1", seq: 1 });
  expect(engine.model.items).toHaveLength(1);
  expect(world.socket.sent.map((frame) => frame["type"])).toEqual(["hello", "message"]);
});

test("the token is in no address", async () => {
  await talking();
  engine.actions.erase();
  await world.pass(5_000);
  const addresses = [...world.requests.map(({ path }) => path), ...world.sockets.map(({ url }) => url)];
  expect(addresses.filter((address) => address.includes("secret"))).toEqual([]);
  expect(world.requests.at(-1)).toMatchObject({ method: "DELETE", token: "Bearer secret" });
});

test("the typing indicator goes by itself", async () => {
  await talking();
  world.socket.says({ type: "typing", on: true, who: "bot" });
  expect(engine.model.typing).toBe("bot");
  await world.pass(10_000);
  expect(engine.model.typing).toBeNull();
});

test("what comes while the window is closed is counted until it is opened", async () => {
  await talking();
  engine.actions.close();
  world.socket.says({ type: "agent", seq: 2, at: AT, name: "Claire", text: "Bonjour" });
  world.socket.says({ type: "agent", seq: 2, at: AT, name: "Claire", text: "Bonjour" });
  expect(engine.model.unread).toBe(1);
  engine.actions.open();
  expect(engine.model.unread).toBe(0);
});

test("a refused message says why and goes again under the same id", async () => {
  await talking();
  world.socket.says({ type: "error", code: "unavailable", text: "Réessayez.", client_id: "id1" });
  expect(engine.model.items[0]).toMatchObject({ delivery: "failed", problem: "Réessayez." });
  engine.actions.retry("id1");
  expect(engine.model.items[0]).toMatchObject({ delivery: "sending", problem: "" });
  expect(world.socket.sent.at(-1)).toEqual({ type: "message", text: "Comment adhérer ?", client_id: "id1" });
});

test("a person waited for, then there: state, place, name", async () => {
  await talking();
  world.socket.says({ type: "handover", seq: 2, at: AT, state: "queued", text: "" });
  world.socket.says({ type: "queue", position: 3, wait_seconds: 240 });
  expect(engine.model.person).toMatchObject({ state: "queued", position: 3, waitSeconds: 240 });
  world.socket.says({ type: "handover", seq: 3, at: AT, state: "active", agent: "Claire", text: "" });
  expect(engine.model.person).toMatchObject({ state: "active", position: null, agent: "Claire" });
});

test("a form that fails keeps its reason; one that arrives is over", async () => {
  await talking();
  engine.actions.leaveCallback("Zoé", "06", "s1");
  expect(engine.model.person.form).toBe("sending");
  world.socket.says({ type: "error", code: "bad_contact", text: "Numéro ?", client_id: "id2" });
  expect(engine.model.person).toMatchObject({ form: "failed", formProblem: "Numéro ?" });
  engine.actions.leaveCallback("Zoé", "0612345678", "s1");
  world.socket.says({ type: "handover", seq: 2, at: AT, state: "callback", slot: null, text: "" });
  expect(engine.model.person).toMatchObject({ state: "callback", form: "none" });
});

test("erased here means erased on the server, or said not to be", async () => {
  await talking();
  world.answers["DELETE /api/conversations/c1"] = new Response(null, { status: 204 });
  const erased = engine.actions.erase();
  expect(engine.model.items).toEqual([]);
  expect(world.saved).toBeNull();
  await world.pass(5_000);
  expect(await erased).toBe(true);
});

test("an erasure that nobody confirms is not said to be one", async () => {
  await talking();
  const erased = engine.actions.erase();
  await world.settle();
  await world.pass(10_000);
  expect(await erased).toBe(false);
  expect(engine.model.problem).toBe("not_erased");
});

test("a conversation that has gone stays to be read; the next message begins another", async () => {
  await talking();
  world.socket.says({ type: "error", code: "unknown_conversation", text: "" });
  expect(engine.model.problem).toBe("conversation_gone");
  expect(engine.model.items).toHaveLength(1);
  world.answers["POST /api/conversations"] = { id: "c2", token: "other" };
  engine.actions.send("Encore");
  await world.settle();
  expect(world.saved).toEqual({ id: "c2", token: "other" });
  expect(engine.model.problem).toBeNull();
});

test("a page that may not speak is told so, and asks no more", async () => {
  const refused = Response.json({ error: { code: "forbidden_origin", text: "" } }, { status: 403 });
  world.answers = { "GET /api/service": refused, "POST /api/conversations": refused };
  engine.actions.open();
  await world.pass(60_000);
  expect(engine.model.problem).toBe("origin_refused");
  expect(world.requests).toHaveLength(1);
});

test("the conversation is downloaded with sources and dates, and nothing that turns the text", async () => {
  await talking();
  const answer = { id: "a", title: "Adhérer", text: "**Ici** : [le site](https://a.fr/x).\u202e", source: "Urssaf" };
  const answers = [{ ...answer, source_url: "https://u.fr/", verified_on: "2026-03-03" }];
  world.socket.says({ type: "reply", seq: 2, at: AT, outcome: "answered", text: "", answers, choices: [] });
  engine.actions.download();
  await vi.waitFor(() => expect(world.downloads).toHaveLength(1));
  const [[name, text] = ["", ""]] = world.downloads;
  expect(name).toBe("conversation-2026-11-22.txt");
  expect(text.startsWith("\ufeff")).toBe(true);
  expect(text).toContain("Ici : le site (https://a.fr/x).\r\n");
  expect(text).toMatch(/Urssaf \(https:\/\/u\.fr\/\)/u);
  expect(text).toContain("3 mars 2026");
  expect(text).not.toMatch(/\u202e|[^\r]\n/u);
});
