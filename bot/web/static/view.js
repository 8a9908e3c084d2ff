// What the conversation looks like: takes texts, makes nodes, decides nothing.

import { plainText, renderMarkdown, safeLink, typeset } from "./markdown.js";
import { TEXTS, formatDate } from "./texts.js";

const TYPING_MS = 15_000;
const ANNOUNCED_MS = 8_000;
const NEAR_PIXELS = 160;

const byId = (id) => document.getElementById(id);
const messages = byId("messages");
const announcer = byId("announcer");
const typing = byId("typing");
const newer = byId("newer");
const header = document.querySelector(".top");
const dock = document.querySelector(".dock");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

let typingTimer = 0;
let announcedTimer = 0;
let lastMessage = null;
let following = true;
let isAtEnd = true;
let lastScroll = 0;

newer.addEventListener("click", () => {
  show(lastMessage, { always: true });
  byId("log").focus({ preventScroll: true });
});
// Following stops when the visitor scrolls up, not when a long message fills the window.
window.addEventListener("scroll", noteScroll, { passive: true });
// The dock covers the end of the page: what gets the focus must not be hidden below it.
new ResizeObserver(() => {
  document.documentElement.style.scrollPaddingBottom = `${dock.offsetHeight + 16}px`;
  if (isAtEnd) {
    window.scrollTo({ top: document.documentElement.scrollHeight });
  }
}).observe(dock);

export function element(name, { text, ...attributes } = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, value);
  }
  node.append(...(text === undefined ? [] : [text]), ...children);
  return node;
}

/** Says it once to a screen reader. The transcript itself is not live: it would repeat what a reload brings back. */
export function announce(text) {
  clearTimeout(announcedTimer);
  announcer.textContent = "";
  announcer.textContent = text;
  announcedTimer = setTimeout(() => (announcer.textContent = ""), ANNOUNCED_MS);
}

export function showTyping(isOn) {
  clearTimeout(typingTimer);
  typing.hidden = !isOn;
  if (isOn) {
    typingTimer = setTimeout(() => showTyping(false), TYPING_MS);
    following && scrollTo(typing);
  }
}

/** The visitor's message; `onRetry` is called by its button when it was not sent. */
export function addPersonMessage(text, onRetry) {
  const state = element("p", { class: "message__state" });
  const bubble = element("div", { class: "bubble" }, element("p", { text }));
  const item = addMessage("person", TEXTS.person, bubble, state);
  const setState = (name, reason = "") => {
    item.dataset.delivery = name;
    state.replaceChildren();
    if (name === "sending") {
      state.append(TEXTS.sending);
    } else if (name === "failed") {
      const label = { "aria-label": TEXTS.retryMessage(text), type: "button", class: "button button--small" };
      const retry = element("button", { ...label, text: TEXTS.retry });
      retry.addEventListener("click", () => {
        byId("message").focus({ preventScroll: true }); // this button is about to disappear
        onRetry();
      });
      state.append(element("span", { text: reason ? `${TEXTS.notSent}. ${reason}` : TEXTS.notSent }), retry);
      show(item);
    }
  };
  show(item, { always: true });
  return setState;
}

/** What the bot, or later an agent, says. Each answer has its title, its source and the date of its verification. */
export function addReply({ answers = [], choices = [], text = "", author = TEXTS.bot }, onChoice) {
  const parts = answers.map((answer) => element("div", { class: "bubble" }, ...answerNodes(answer)));
  if (text) {
    parts.push(element("div", { class: "bubble" }, renderMarkdown(text)));
  }
  if (choices.length > 0) {
    parts.push(choiceButtons(choices, onChoice));
  }
  const item = addMessage("bot", author, ...parts);
  show(item);
  return item;
}

export function addNote(text) {
  const item = addMessage("note", TEXTS.system, element("div", { class: "bubble" }, element("p", { text })));
  show(item);
}

/** What a screen reader says of a reply. */
export function spokenReply({ answers = [], choices = [], text = "", author = TEXTS.bot }) {
  const parts = [...answers.map((answer) => answer.text), text].filter(Boolean).map(plainText);
  if (choices.length > 0) {
    parts.push(TEXTS.announceChoices(choices.map((choice) => choice.text)));
  }
  return TEXTS.announce(author, parts.join(" "));
}

/** Only the latest question can be answered by a button. They stay readable, and keep the focus. */
export function retireChoices() {
  for (const button of messages.querySelectorAll(".choices button:not([aria-disabled])")) {
    button.setAttribute("aria-disabled", "true");
  }
}

export function clearMessages() {
  messages.replaceChildren();
  lastMessage = null;
  newer.hidden = true;
  showTyping(false);
}

function addMessage(kind, author, ...parts) {
  const item = element("li", { class: `message message--${kind}` });
  item.append(element("h3", { class: "message__author", text: author }), ...parts);
  messages.append(item);
  return item;
}

function answerNodes({ title, text, source, source_url: address, verified_on: verifiedOn }) {
  const nodes = [];
  if (title) {
    nodes.push(element("p", { class: "answer__title", text: typeset(title) }));
  }
  nodes.push(renderMarkdown(text));
  if (source) {
    const footer = element("p", { class: "answer__source" });
    footer.append(TEXTS.source, (address && safeLink(address, typeset(source))) || typeset(source));
    if (verifiedOn) {
      const time = element("time", { datetime: verifiedOn, text: TEXTS.verified(verifiedOn) });
      footer.append(element("span", { class: "answer__date" }, time));
    }
    nodes.push(footer);
  }
  return nodes;
}

function choiceButtons(choices, onChoice) {
  const list = element("ul", { class: "chips choices", "aria-label": TEXTS.choices });
  for (const choice of choices) {
    const button = element("button", { type: "button", class: "chip", text: typeset(choice.text) });
    button.addEventListener("click", () => {
      if (!button.hasAttribute("aria-disabled")) {
        button.setAttribute("aria-pressed", "true");
        onChoice(choice);
      }
    });
    list.append(element("li", {}, button));
  }
  return list;
}

function noteScroll() {
  const page = document.documentElement;
  isAtEnd = page.scrollHeight - page.clientHeight - window.scrollY < NEAR_PIXELS;
  if (isAtEnd) {
    following = true;
    newer.hidden = true;
  } else if (window.scrollY < lastScroll) {
    following = false;
  }
  lastScroll = window.scrollY;
}

/** Brings a new message into view, from its beginning, unless the visitor is reading further up. */
function show(item, { always = false } = {}) {
  lastMessage = item;
  following ||= always;
  newer.hidden = following;
  if (following) {
    scrollTo(item);
  }
}

function scrollTo(node) {
  const room = window.innerHeight - dock.offsetHeight - header.offsetHeight;
  const block = node.offsetHeight > room * 0.75 ? "start" : "end";
  node.scrollIntoView({ block, behavior: calm.matches ? "auto" : "smooth" });
}
