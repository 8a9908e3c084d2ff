/**
 * The entries of the transcript: one node each, made once and changed in place.
 *
 * `Entry.update` is called with what can change after an entry was shown; `spoken` is the same for the ear.
 */

import type { Answer } from "../../shared/protocol";
import type { Actions, AgentItem, BotItem, HandoverItem, Item, PersonItem } from "../model";
import type { More } from "../more/more";
import type { Speaker } from "../more/reading";
import type { Texts } from "../texts";
import { fill, isStale } from "../texts/words";
import { attribute, button, disable, h, hidden, isDisabled, show, words } from "./dom";
import { link, plainText, render, typeset } from "./markdown";

/** What an entry shows beside its own item. */
export interface Around {
  /** Nothing has been said since: its choices can still be taken. */
  readonly isLatest: boolean;
  /** The text of the choice that was taken. */
  readonly chosen: string | null;
  readonly canSpeak: boolean;
  readonly isSpeaking: boolean;
}

export interface Entry<T extends Item = Item> {
  readonly node: HTMLLIElement;
  update(item: T, around: Around): void;
}

export interface Tools {
  readonly texts: Texts;
  readonly actions: Actions;
  say(text: string): void;
  /** Takes the focus where a button that had it goes away. */
  takeFocus(): void;
  /** Does what needs more.js, as soon as that is there. */
  need(use: (more: More) => void): void;
}

export function createEntry(item: Item, tools: Tools): Entry {
  switch (item.kind) {
    case "person":
      return personEntry(item, tools) as Entry;
    case "bot":
      return botEntry(item, tools) as Entry;
    case "agent":
      return plainEntry("agent", item, item.name, bubble(render(item.text, tools.texts)), tools);
    case "handover":
      return plainEntry("note", { ...item, at: "" }, null, h("p", tools.texts.noteText(item)), tools);
  }
}

/** What a screen reader says when the item arrives; empty: nothing. */
export function spoken(item: Item, texts: Texts): string {
  switch (item.kind) {
    case "person":
      return "";
    case "handover":
      return texts.noteText(item);
    case "agent":
      return fill(texts.says, { who: item.name, text: plainText(item.text) });
    case "bot": {
      const parts = [item.text, ...item.answers.map((answer) => `${answer.title}. ${answer.text}`)];
      const choices = item.choices.map((choice) => choice.text).join(" ; ");
      const spokenChoices = choices && fill(texts.saysChoices, { choices });
      return fill(texts.says, { who: texts.bot, text: [...parts.map(plainText), spokenChoices].join(" ").trim() });
    }
  }
}

/** The greeting, which is no item: it exists before the conversation does. */
export function greeting(text: string, texts: Texts): HTMLLIElement {
  return frame("bot", texts.bot, "", texts, bubble(render(text, texts)));
}

function frame(kind: string, author: string | null, at: string, texts: Texts, ...parts: Node[]): HTMLLIElement {
  const time = at ? h("time", { datetime: at }, texts.when(at)) : null;
  const name = h(author && kind !== "person" ? "h3" : "h3.sr", author ?? texts.information);
  return h(`li.item.${kind}`, h("div.meta", name, time), ...parts) as HTMLLIElement;
}

function bubble(...children: Node[]): HTMLDivElement {
  return h("div.bubble", ...children);
}

function chips(label: string, list: readonly { readonly chip: HTMLElement }[]): HTMLElement {
  return h("ul.chips", { "aria-label": label }, ...list.map(({ chip }) => h("li", chip)));
}

function plainEntry(kind: string, item: AgentItem | HandoverItem, author: string | null, part: Node, tools: Tools) {
  return { node: frame(kind, author, item.at, tools.texts, part), update: () => {} };
}

function personEntry(item: PersonItem, { texts, actions, takeFocus }: Tools): Entry<PersonItem> {
  const state = h("p");
  const label = fill(texts.retryMessage, { text: item.text });
  const again = () => {
    takeFocus(); // this button is about to disappear
    actions.retry(item.key);
  };
  const retry = button("button", texts.retry, again, { "aria-label": label });
  const foot = h("div.foot", state, retry);
  const node = frame("person", texts.you, item.at, texts, bubble(h("p", { dir: "auto" }, item.text)), foot);
  return {
    node,
    update({ delivery, problem }) {
      attribute(node, "data-delivery", delivery);
      words(state, delivery === "sending" ? texts.sending : `${texts.notSent} ${problem}`);
      show(retry, delivery === "failed");
      show(foot, delivery !== "sent");
    },
  };
}

function botEntry(item: BotItem, tools: Tools): Entry<BotItem> {
  const { texts, actions } = tools;
  const node = frame("bot", texts.bot, item.at, texts);
  if (item.text) {
    node.append(bubble(render(item.text, texts)));
  }
  node.append(...item.answers.map((answer) => answerBubble(answer, texts)));

  const choices = item.choices.map((choice) => {
    const mark = hidden("");
    const label = h("span", typeset(choice.text), mark);
    const chip = button("chip", label, () => isDisabled(chip) || actions.choose(choice));
    return { chip, mark, text: choice.text };
  });
  if (choices.length > 0) {
    node.append(chips(texts.choices, choices));
  }

  const feedback = item.feedback === null ? null : feedbackRow(item.seq, tools);
  const foot = h("div.foot", feedback?.node ?? null);
  node.append(foot);
  let speaker: Speaker | null = null;

  return {
    node,
    update(now, { isLatest, chosen, canSpeak, isSpeaking }) {
      for (const { chip, mark, text } of choices) {
        disable(chip, !isLatest);
        attribute(chip, "data-chosen", text === chosen);
        words(mark, text === chosen ? ` ${texts.chosen}` : "");
      }
      if (canSpeak && !speaker) {
        tools.need((more) => {
          speaker = more.speaker(item.seq);
          foot.append(speaker.node);
        });
      }
      speaker?.update(canSpeak, isSpeaking);
      feedback?.update(now.feedback);
    },
  };
}

function answerBubble(answer: Answer, texts: Texts): HTMLElement {
  const part = bubble();
  if (answer.title) {
    part.append(h("p.title", typeset(answer.title)));
  }
  part.append(render(answer.text, texts));
  const foot = h("div.source");
  if (answer.source) {
    foot.append(h("p", `${texts.source} `, link(answer.source_url, typeset(answer.source), texts)));
  }
  if (answer.verified_on) {
    const date = fill(texts.verified, { date: texts.dateText(answer.verified_on) });
    const age = isStale(answer.verified_on) ? h("span.stale", ` ${texts.stale}`) : null;
    foot.append(h("p", h("time", { datetime: answer.verified_on }, date), age));
  }
  if (foot.firstChild) {
    part.append(foot);
  }
  return part;
}

/** The question whether it helped. What was said stays readable, on buttons that keep the focus. */
function feedbackRow(seq: number, { texts, actions, say, need }: Tools) {
  let why: HTMLElement | null = null;
  let isAsking = false;
  let given: BotItem["feedback"] = null;
  const thanks = h("span");
  const give = (isHelpful: boolean) => {
    if (isDisabled(yes)) {
      return;
    }
    actions.giveFeedback(seq, isHelpful);
    if (isHelpful) {
      say(texts.thanks);
    } else {
      need(ask);
    }
  };
  const yes = button("plain", texts.yes, () => give(true));
  const no = button("plain", texts.no, () => give(false));
  const question = h("span", texts.helpful);
  const node = h("div.feedback", { role: "group", "aria-label": texts.helpful }, question, yes, no, thanks);

  function ask(more: More): void {
    const answered = () => {
      isAsking = false;
      update(given);
      say(texts.thanks);
    };
    why?.remove();
    why = more.askReason(seq, answered);
    node.parentElement?.after(why);
    show(why, false);
    isAsking = true;
    update(given);
    say(why.firstChild?.textContent ?? "");
  }

  function update(now: BotItem["feedback"]): void {
    given = now;
    const isGiven = given === "helpful" || given === "not_helpful";
    for (const [one, value] of [
      [yes, "helpful"],
      [no, "not_helpful"],
    ] as const) {
      disable(one, isGiven);
      attribute(one, "aria-pressed", isGiven ? String(given === value) : null);
    }
    if (why && why.hidden === (given === "not_helpful")) {
      show(why, why.hidden);
      why.scrollIntoView({ block: "nearest" }); // it is at the very end
    }
    words(thanks, isGiven && !isAsking ? texts.thanks : "");
  }
  return { node, update };
}
