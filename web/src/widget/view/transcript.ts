/**
 * The transcript: keyed, so that a render touches only what differs, and a scroll position that is the visitor's.
 *
 * It follows new messages until the visitor scrolls up; then a button says that something came. A message taller
 * than the window is shown from its beginning, not from its end.
 */

import type { Choice } from "../../shared/protocol";
import type { Item, Model } from "../model";
import { capital, fill } from "../texts/words";
import { button, h, icon, show, words } from "./dom";
import { DOWN } from "./icons";
import { type Around, createEntry, type Entry, greeting, spoken, type Tools } from "./items";
import { typeset } from "./markdown";

const NEAR_PIXELS = 120;
const ALONE: Around = { isLatest: false, chosen: null, canSpeak: false, isSpeaking: false };

interface Shown {
  item: Item;
  around: string;
  readonly entry: Entry;
}

export interface Transcript {
  /** What scrolls. */
  readonly node: HTMLElement;
  /** Shown over the end of it: "new message". */
  readonly newer: HTMLElement;
  render(model: Model): void;
  /** To the end, at once: after the window has opened or changed its size. */
  settle(): void;
  focus(): void;
  /** To be called when something has scrolled. */
  onScroll(): void;
}

/** `notice` stands before the first message. `scroller` tells what scrolls: on low screens the whole window does. */
export function createTranscript(tools: Tools, notice: HTMLElement, scroller: () => HTMLElement): Transcript {
  const { texts, actions, say } = tools;
  const entries = new Map<string, Shown>();
  const list = h("ol.items");
  const log = h("div.log", { role: "log", "aria-live": "off", "aria-label": texts.log, tabindex: "-1" }, list);
  const typingText = h("span");
  const dots = h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  const typing = h("p.typing", { hidden: true }, dots, typingText);
  const suggestions = h("div.suggestions", { hidden: true });
  const node = h("div.scroll", notice, log, suggestions, typing);
  const onNewer = () => {
    follow(true);
    focus();
  };
  const newer = button("newer", texts.newer, onNewer, { hidden: true });
  newer.append(icon(DOWN));

  let items: readonly Item[] = [];
  let surroundings = "";
  let opening: HTMLLIElement | null = null;
  let suggested: readonly string[] | null = null;
  let hasRendered = false;
  let following = true;
  let isAtEnd = true;
  let lastTop = 0;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const onScroll = () => {
    const { scrollHeight, clientHeight, scrollTop } = scroller();
    isAtEnd = scrollHeight - clientHeight - scrollTop < NEAR_PIXELS;
    if (isAtEnd) {
      following = true;
      show(newer, false);
    } else if (scrollTop < lastTop) {
      following = false;
    }
    lastTop = scrollTop;
  };

  const settle = () => {
    const box = scroller();
    box.scrollTo({ top: items.length > 0 ? box.scrollHeight : 0, behavior: "instant" }); // the notice comes first
  };

  function focus(): void {
    log.focus({ preventScroll: true });
  }

  /** Brings the end into view, or the beginning of the last message when that is tall. */
  function follow(always = false): void {
    following ||= always;
    show(newer, !following);
    if (!following) {
      return;
    }
    const box = scroller();
    const frame = box.getBoundingClientRect();
    const last = list.lastElementChild?.getBoundingClientRect();
    const isTall = last && last.height > frame.height * 0.75;
    const top = isTall ? box.scrollTop + last.top - frame.top - 8 : box.scrollHeight;
    box.scrollTo({ top, behavior: calm.matches ? "auto" : "smooth" });
  }

  function renderOpening({ service, items: said }: Model): void {
    if (service?.greeting && !opening) {
      opening = greeting(service.greeting, texts);
      list.prepend(opening);
    }
    if (service && service.suggestions !== suggested) {
      suggested = service.suggestions;
      const chips = suggested.map((question) => {
        const ask = () => {
          tools.takeFocus(); // this button is about to disappear
          actions.send(question);
        };
        return h("li", button("chip", typeset(question), ask));
      });
      suggestions.replaceChildren(h("h3", texts.suggestions), h("ul.chips", ...chips));
    }
    show(suggestions, said.length === 0 && Boolean(suggested?.length));
  }

  /** Returns the items that were not there before. */
  function renderItems(model: Model): Item[] {
    const { canSpeak, speaking } = model.voice;
    const around = `${canSpeak}${speaking}`;
    if (model.items === items && around === surroundings) {
      return [];
    }
    items = model.items;
    surroundings = around;
    const added: Item[] = [];
    const kept = new Set<string>();
    let place: Element | null = opening;
    items.forEach((item, index) => {
      kept.add(item.key);
      let shown = entries.get(item.key);
      if (!shown) {
        shown = { item, around: "", entry: createEntry(item, tools) };
        entries.set(item.key, shown);
        added.push(item);
      }
      const state = aroundOf(item, items, index, canSpeak, speaking);
      const key = JSON.stringify(state);
      if (shown.item !== item || shown.around !== key) {
        const before = shown.item;
        shown.item = item;
        shown.around = key;
        shown.entry.update(item, state);
        sayFailure(before, item);
      }
      const { node: entry } = shown.entry;
      if (entry.parentNode !== list || entry.previousElementSibling !== place) {
        place ? place.after(entry) : list.prepend(entry);
      }
      place = entry;
    });
    for (const [key, { entry }] of entries) {
      if (!kept.has(key)) {
        entry.node.remove();
        entries.delete(key);
      }
    }
    return added;
  }

  function sayFailure(before: Item, now: Item): void {
    if (before.kind === "person" && now.kind === "person" && before !== now && now.delivery === "failed") {
      say(`${texts.notSent} ${now.problem}`);
      follow(); // the button to try again is below
    }
  }

  return {
    node,
    newer,
    settle: () => (following || isAtEnd) && settle(),
    focus,
    onScroll,
    render(model) {
      renderOpening(model);
      const added = renderItems(model);
      const isTyping = model.typing !== null;
      const hasBegun = isTyping && typing.hidden;
      show(typing, isTyping);
      const agent = model.person.agent || capital(texts.someone);
      words(typingText, model.typing === "agent" ? fill(texts.agentTyping, { agent }) : texts.botTyping);
      const news = added.filter((item) => !item.isHistory);
      if (hasRendered && news.length > 0) {
        follow(news.some((item) => item.kind === "person"));
      } else if (added.length > 0) {
        settle();
      } else if (hasBegun && following) {
        follow();
      }
      if (model.isOpen) {
        for (const text of news.map((item) => spoken(item, texts)).filter(Boolean)) {
          say(text);
        }
      }
      hasRendered = true;
    },
  };
}

function aroundOf(
  item: Item,
  items: readonly Item[],
  index: number,
  canSpeak: boolean,
  speaking: number | null,
): Around {
  if (item.kind !== "bot") {
    return ALONE;
  }
  const next = item.choices.length > 0 ? items.slice(index + 1).find(({ kind }) => kind !== "handover") : undefined;
  const isTaken = (choice: Choice) => next?.kind === "person" && next.text === choice.text;
  const chosen = item.choices.find(isTaken)?.text ?? null;
  return { isLatest: !next, chosen, canSpeak, isSpeaking: speaking === item.seq };
}
