// The page: what the visitor does goes to the connection, what the connection brings goes to the view.
// Nothing is stored, here or at the server, before the first message.

import { api } from "./api.js";
import { Connection } from "./connection.js";
import { TEXTS } from "./texts.js";
import * as view from "./view.js";

const SOON_FULL = 200;
const REPLAY_MS = 500;
const byId = (id) => document.getElementById(id);
const input = byId("message");
const canType = window.matchMedia("(pointer: fine)");

const sent = new Map(); // client_id → { frame, setState }
let service = { greeting: "", suggestions: [], max_message_chars: 2000 };
let handover = null;
let lastLink = "idle";
let isReplaying = false;

const connection = new Connection({ frame: onFrame, state: onState, delivery: onDelivery, gone: onGone });

// What comes from the server

function onFrame(frame) {
  switch (frame.type) {
    case "welcome":
      if (frame.handover) {
        showHandover(frame.handover.state);
      }
      break;
    case "typing":
      view.showTyping(frame.on);
      break;
    case "person":
      if (sent.has(frame.client_id)) {
        onDelivery(frame.client_id, "sent");
      } else {
        hideSuggestions();
        view.retireChoices();
        view.addPersonMessage(frame.text)("sent");
      }
      break;
    case "handover":
      showHandover(frame.state);
      showReply({ text: frame.text });
      break;
    case "agent":
      showReply({ text: frame.text, author: TEXTS.agent });
      break;
    case "reply":
      showReply(frame);
      break;
    case "error":
      view.addNote(frame.text);
      view.announce(frame.text);
      break;
  }
}

function onState(state) {
  byId("link").dataset.state = state;
  byId("link-text").textContent = TEXTS.link[state];
  if (state === "waiting") {
    view.showTyping(false);
    showProblem(TEXTS.connectionLost, () => connection.retryNow());
  } else if (state === "open") {
    setTimeout(() => (isReplaying = false), REPLAY_MS);
    hideProblem();
    if (lastLink === "waiting") {
      view.announce(TEXTS.connectionBack);
    }
  }
  lastLink = state === "connecting" ? lastLink : state;
}

function onDelivery(clientId, name, reason = "") {
  sent.get(clientId)?.setState(name, reason);
  if (name === "failed") {
    view.showTyping(false);
    view.announce(`${TEXTS.announceNotSent} ${reason}`);
  }
}

function onGone() {
  showHandover(null);
  view.retireChoices();
  view.addNote(TEXTS.conversationGone);
  view.announce(TEXTS.conversationGone);
}

function showReply(reply) {
  view.showTyping(false);
  view.retireChoices();
  view.addReply(reply, (choice) => say({ type: "choice", intent: choice.intent, label: choice.text }, choice.text));
  if (!isReplaying) {
    view.announce(view.spokenReply(reply));
  }
}

// What the visitor does

function say(content, shown) {
  const frame = { ...content, client_id: newId() };
  hideSuggestions();
  view.retireChoices();
  isReplaying = false;
  const setState = view.addPersonMessage(shown, () => connection.send(frame));
  sent.set(frame.client_id, { frame, setState });
  connection.send(frame);
}

function sayTyped() {
  const text = input.value.trim();
  if (text && excess() <= 0) {
    input.value = "";
    onInput();
    say({ type: "message", text }, text);
  }
  input.focus({ preventScroll: true });
}

function askForPerson() {
  if (byId("person").getAttribute("aria-disabled") !== "true") {
    say({ type: "handover" }, TEXTS.askedForPerson);
  }
}

async function restart() {
  const erased = connection.erase();
  sent.clear();
  showHandover(null);
  hideProblem();
  showOpening();
  if (await erased) {
    view.announce(TEXTS.restarted);
  } else {
    view.addNote(TEXTS.notErased);
    view.announce(TEXTS.notErased);
  }
}

// The parts of the page around the transcript

function showOpening() {
  view.clearMessages();
  if (service.greeting) {
    view.addReply({ text: service.greeting });
  }
  const list = byId("suggestions-list");
  list.replaceChildren();
  for (const question of service.suggestions) {
    const button = view.element("button", { type: "button", class: "chip", text: question });
    button.addEventListener("click", () => {
      (canType.matches ? input : byId("log")).focus({ preventScroll: true }); // this button is about to disappear
      say({ type: "message", text: question }, question);
    });
    list.append(view.element("li", {}, button));
  }
  byId("suggestions").hidden = service.suggestions.length === 0;
}

function hideSuggestions() {
  byId("suggestions").hidden = true;
}

function showHandover(state) {
  handover = state;
  const isOpen = state === "requested" || state === "taken";
  byId("handover").hidden = !TEXTS.handover[state];
  byId("handover").textContent = TEXTS.handover[state] ?? "";
  byId("person").setAttribute("aria-disabled", String(isOpen));
}

function showProblem(text, retry) {
  if (byId("problem").hidden || byId("problem-text").textContent !== text) {
    byId("problem-text").textContent = text;
    byId("problem").hidden = false;
    view.announce(text);
  }
  byId("problem-retry").onclick = retry;
}

function hideProblem() {
  if (byId("problem").contains(document.activeElement)) {
    input.focus({ preventScroll: true });
  }
  byId("problem").hidden = true;
}

/** How many characters are too many; as the server counts them. */
function excess() {
  return [...input.value.trim()].length - service.max_message_chars;
}

function onInput() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 2}px`;
  const over = excess();
  const counter = byId("counter");
  const wasOver = input.getAttribute("aria-invalid") === "true";
  const wasEmpty = counter.textContent === "";
  counter.textContent = over > 0 ? TEXTS.tooLong(over) : over > -SOON_FULL ? TEXTS.left(-over) : "";
  counter.classList.toggle("is-over", over > 0);
  input.setAttribute("aria-invalid", String(over > 0));
  if (wasOver !== over > 0 || (wasEmpty && counter.textContent)) {
    view.announce(counter.textContent); // when the limit comes near and when it is passed, not at every key
  }
}

async function loadService() {
  try {
    service = { ...service, ...(await api.service()) };
  } catch {
    showProblem(TEXTS.serviceDown, loadService);
    return;
  }
  hideProblem();
  if (service.service) {
    byId("service").textContent = service.service.charAt(0).toLocaleUpperCase("fr") + service.service.slice(1);
    document.title = `${byId("service").textContent} – assistant en ligne`;
  }
  if (!connection.hasSession && sent.size === 0) {
    showOpening();
    isReplaying = connection.resume(); // what comes back has been read before: shown, not said again
    isReplaying && hideSuggestions();
  }
}

/** Also where the page is not served over TLS, which `crypto.randomUUID` requires. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

input.addEventListener("input", onInput);
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    sayTyped();
  }
});
byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sayTyped();
});
byId("person").addEventListener("click", askForPerson);
byId("restart").addEventListener("click", () => {
  if (!connection.hasSession && sent.size === 0) {
    input.focus();
    return;
  }
  const isWaiting = handover === "requested" || handover === "taken";
  byId("restart-text").textContent = isWaiting ? TEXTS.restartWithHandover : TEXTS.restart;
  byId("restart-dialog").showModal();
});
byId("restart-dialog").addEventListener("close", ({ target }) => {
  if (target.returnValue === "erase") {
    restart();
    input.focus({ preventScroll: true });
  }
  target.returnValue = "";
});

onInput();
loadService();
