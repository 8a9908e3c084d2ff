/**
 * The view without an engine: `?state=` names a state of states.ts; `theme`, `position`, `inline`, `locale` and `dir`
 * are as a host page would set them. `window.harness` changes the model from a test: `harness.set({ … })`,
 * `harness.calls` lists the actions that were called.
 */

import type { Actions, Item, Model } from "../src/widget/model";
import type { Files } from "../src/widget/files";
import * as more from "../src/widget/more/more";
import type { ViewOptions } from "../src/widget/options";
import * as english from "../src/widget/texts/en";
import { createShell } from "../src/widget/view/shell";
import * as chatWindow from "../src/widget/view/window-file";
import { agent, bot, NAMES, PERSON, said, stateOf } from "./states";

const query = new URLSearchParams(location.search);
const name = query.get("state");
document.documentElement.dir = query.get("dir") ?? "ltr";

const list = document.getElementById("states");
for (const state of name ? [] : NAMES) {
  const link = document.createElement("a");
  link.href = `?state=${state}`;
  link.textContent = state;
  const entry = document.createElement("li");
  entry.append(link);
  list?.append(entry);
}

const options: ViewOptions = {
  inline: query.has("inline"),
  position: query.get("position") === "left" ? "left" : "right",
  theme: (query.get("theme") ?? "auto") as ViewOptions["theme"],
  title: "",
  subtitle: "",
  placeholder: "",
  launcher: "",
  // A language that runs from right to left would say so in its texts.
  texts: query.has("mirror") ? { fr: { direction: "rtl" } } : {},
};

let model: Model = { ...stateOf(name ?? "closed"), locale: query.get("locale") === "en" ? "en" : "fr" };
const calls: unknown[][] = [];
const set = (part: Partial<Model>) => {
  model = { ...model, ...part };
  view.render(model);
};
const append = (...items: Item[]) => set({ items: [...model.items, ...items] });
const note =
  (action: string, act: (...values: never[]) => void = () => {}) =>
  (...values: unknown[]) => {
    calls.push([action, ...values]);
    return act(...(values as never[]));
  };

const actions: Actions = {
  open: note("open", () => set({ isOpen: true, unread: 0, service: model.service ?? stateOf("start").service })),
  close: note("close", () => set({ isOpen: false })),
  send: note("send", (text: string) => append(said(text))),
  choose: note("choose", (choice: { text: string }) => append(said(choice.text))),
  retry: note("retry"),
  reconnect: note("reconnect"),
  askPerson: note("askPerson", () => set({ person: { ...PERSON, state: "requested" } })),
  cancelPerson: note("cancelPerson", () => set({ person: PERSON })),
  leaveCallback: note("leaveCallback"),
  leaveMessage: note("leaveMessage"),
  giveFeedback: note("giveFeedback", (seq: number, helpful: boolean) => {
    const feedback = helpful ? "helpful" : "not_helpful";
    const items = model.items.map((item) => (item.kind === "bot" && item.seq === seq ? { ...item, feedback } : item));
    set({ items: items as Item[] });
  }),
  download: note("download"),
  erase: async () => {
    calls.push(["erase"]);
    set({ items: [] });
    return !query.has("not_erased");
  },
  setLocale: note("setLocale", (locale: "fr" | "en") => set({ locale })),
  missed: note("missed", () => set({ problem: "not_fetched" })),
  dismissProblem: note("dismissProblem", () => set({ problem: null })),
  startListening: note("startListening", () => set({ voice: { ...model.voice, listening: "listening", level: 0.5 } })),
  stopListening: note("stopListening", () => set({ voice: { ...model.voice, listening: "off" } })),
  readAloud: note("readAloud"),
};

const host = document.createElement("guichet-harness");
if (options.inline) {
  host.dataset["inline"] = "";
}
document.querySelector("main")?.append(host);
// `?fetch=…`: what is fetched comes a moment after the press, or fails to.
const fetching = query.get("fetch");
const fetched = <T>(module: T) =>
  new Promise<T>((resolve, reject) => {
    setTimeout(() => (fetching === "fails" ? reject(new Error("not found")) : resolve(module)), fetching ? 100 : 0);
  });
const files: Files = {
  window: () => fetched(chatWindow),
  more: () => fetched(more),
  en: () => fetched(english),
  voice: () => Promise.reject(new Error("no voice here")),
};
const view = createShell(host.attachShadow({ mode: "open" }), actions, options, files);
view.render(model);

Object.assign(window, { harness: { set, append, calls, said, bot, agent, model: () => model } });
