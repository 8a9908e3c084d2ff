/** Every state that a visitor can meet, as models. Texts are invented. */

import type { Answer, Availability, ServiceInfo, Slot } from "../src/shared/protocol";
import type { AgentItem, BotItem, HandoverItem, Item, Model, PersonItem, PersonState } from "../src/widget/model";

const BASE = Date.parse("2026-11-20T13:32:00Z");

export const SLOTS: readonly Slot[] = ["23", "24"].flatMap((day) =>
  ["09", "10", "14"].map((hour) => ({
    id: `${day}-${hour}`,
    from: `2026-11-${day}T${hour}:00:00+01:00`,
    to: `2026-11-${day}T${hour}:30:00+01:00`,
  })),
);

export const OPEN: Availability = {
  open: true,
  staffed: true,
  hours: ["du lundi au vendredi, de 9 h à 12 h et de 14 h à 17 h"],
  next_opening: null,
  slots: [],
  messages: true,
};

export const CLOSED: Availability = {
  ...OPEN,
  open: false,
  staffed: false,
  hours: ["du lundi au jeudi, de 9 h à 12 h et de 14 h à 17 h", "le vendredi, de 9 h à 12 h"],
  next_opening: "2026-11-23T09:00:00+01:00",
  slots: SLOTS,
};

export const SERVICE: ServiceInfo = {
  service: "point d’appui à la vie associative",
  greeting:
    "Bonjour, je réponds aux questions des associations : création, subventions, impôts, salariés, assemblée générale.",
  suggestions: ["Comment créer une association ?", "Quand demander une subvention ?", "Que faire des dons reçus ?"],
  max_message_chars: 500,
  keep_days: 30,
  person: OPEN,
  voice: { listen: true, speak: true },
};

export const PERSON: PersonState = {
  state: "none",
  reason: null,
  position: null,
  waitSeconds: null,
  agent: "",
  slot: null,
  availability: OPEN,
  form: "none",
  formProblem: "",
};

export const BASIC: Model = {
  isOpen: true,
  locale: "fr",
  service: SERVICE,
  link: "live",
  items: [],
  typing: null,
  person: PERSON,
  problem: null,
  unread: 0,
  voice: { canListen: false, canSpeak: false, listening: "off", level: 0, heard: "", speaking: null },
};

const ANSWER: Answer = {
  id: "creer",
  title: "Créer une association",
  text: "Il faut **au moins deux personnes** et des statuts écrits.\n\n- Rédigez les statuts et réunissez l’assemblée constitutive.\n- Déclarez l’association [en ligne](https://www.service-public.fr/associations) ou au greffe.\n- La publication au Journal officiel est **gratuite**.\n\nLe récépissé arrive sous cinq jours ; gardez-le : il sera demandé par la banque.",
  source: "Service-Public.fr, fiche F1119",
  source_url: "https://www.service-public.fr/associations/vosdroits/F1119",
  verified_on: "2026-09-14",
};
const OLD: Answer = {
  ...ANSWER,
  id: "dons",
  title: "Reçus fiscaux pour les dons",
  text: "Une association d’intérêt général peut remettre un reçu fiscal. Elle indique :\n\n1. son nom et son objet ;\n2. le montant et la date du don.",
  source: "Impots.gouv.fr",
  verified_on: "2024-03-05",
};

let count = 0;
const shown = () => {
  count += 1;
  return { key: `k${count}`, at: new Date(BASE + count * 20_000).toISOString(), isHistory: false };
};
export const said = (text: string, more: Partial<PersonItem> = {}): PersonItem => ({
  ...shown(),
  kind: "person",
  text,
  delivery: "sent",
  problem: "",
  ...more,
});
export const bot = (more: Partial<BotItem>): BotItem => {
  const base = shown();
  return { ...base, kind: "bot", seq: count, text: "", answers: [], choices: [], feedback: null, ...more };
};
export const agent = (text: string): AgentItem => ({ ...shown(), kind: "agent", name: "Claire, conseillère", text });
export const change = (state: HandoverItem["state"], more: Partial<HandoverItem> = {}): HandoverItem => ({
  ...shown(),
  kind: "handover",
  state,
  reason: null,
  agent: "Claire",
  slot: null,
  ...more,
});

const CHOICES = [
  { intent: "a", text: "Obtenir une subvention de la commune" },
  { intent: "b", text: "Obtenir une subvention de l’État" },
  { intent: "c", text: "Rendre compte d’une subvention" },
];
const answered = [said("comment on crée une asso svp ?"), bot({ answers: [ANSWER], feedback: "none" })];
const talk = [...answered, said("Je veux parler à quelqu’un"), change("requested")];
const clarify = [
  said("une subvention"),
  bot({ text: "Je peux vous renseigner sur plusieurs sujets. Lequel vous intéresse ?", choices: CHOICES }),
];

export function long(length: number): Item[] {
  return Array.from({ length }, (_, index) =>
    index % 2
      ? bot({ answers: [{ ...ANSWER, title: `Réponse ${index}` }], feedback: "none", isHistory: true })
      : said(`Question numéro ${index}`, { isHistory: true }),
  );
}

const STATES: Readonly<Record<string, () => Partial<Model>>> = {
  closed: () => ({ isOpen: false, service: null, link: "none" }),
  unread: () => ({ isOpen: false, unread: 2, items: answered }),
  opening: () => ({ service: null, link: "none" }),
  start: () => ({ link: "none" }),
  answered: () => ({ items: answered }),
  stale: () => ({ items: [said("reçu fiscal"), bot({ answers: [OLD], feedback: "none" })] }),
  two_answers: () => ({ items: [said("créer et dons"), bot({ answers: [ANSWER, OLD], feedback: "none" })] }),
  helped: () => ({ items: [said("créer"), bot({ answers: [ANSWER], feedback: "helpful" })] }),
  not_helped: () => ({ items: [said("créer"), bot({ answers: [ANSWER], feedback: "not_helpful" })] }),
  clarify: () => ({ items: clarify }),
  chosen: () => ({ items: [...clarify, said(CHOICES[1]?.text ?? ""), bot({ answers: [ANSWER], feedback: "none" })] }),
  abstained: () => ({
    items: [
      said("Quel temps fera-t-il demain ?"),
      bot({ text: "Je n’ai pas de réponse vérifiée à cette question. Je préfère ne pas répondre plutôt que me tromper." }),
    ],
  }),
  typing: () => ({ items: [said("Quand demander une subvention ?")], typing: "bot" }),
  sending: () => ({ items: [said("Quand demander une subvention ?", { delivery: "sending" })] }),
  failed: () => ({
    items: [...answered, said("Et pour les statuts ?", { delivery: "failed", problem: "Le service ne répond pas." })],
    problem: "connection_lost",
    link: "waiting",
  }),
  down: () => ({ service: null, link: "waiting", problem: "service_down" }),
  gone: () => ({ problem: "conversation_gone" }),
  requested: () => ({ items: talk, person: { ...PERSON, state: "requested" } }),
  queued: () => ({
    items: [...talk, change("queued")],
    person: { ...PERSON, state: "queued", position: 3, waitSeconds: 400 },
  }),
  active: () => ({
    items: [...talk, change("active"), agent("Bonjour, je reprends votre dossier. Voyez https://www.associations.gouv.fr.")],
    person: { ...PERSON, state: "active", agent: "Claire" },
    typing: "agent",
  }),
  ended: () => ({
    items: [...talk, change("active"), agent("Bonne journée !"), change("ended")],
    person: { ...PERSON, state: "ended" },
  }),
  refused: () => ({
    items: [...talk, change("refused", { reason: "closed" })],
    person: { ...PERSON, state: "refused", reason: "closed", availability: CLOSED },
  }),
  callback: () => ({
    items: [...talk, change("callback", { slot: SLOTS[1] ?? null })],
    person: { ...PERSON, state: "callback", slot: SLOTS[1] ?? null, availability: CLOSED },
  }),
  message_left: () => ({
    items: [...talk, change("message_left")],
    person: { ...PERSON, state: "message_left", availability: CLOSED },
  }),
  voice: () => ({ items: answered, voice: { ...BASIC.voice, canListen: true, canSpeak: true } }),
  listening: () => ({
    voice: { ...BASIC.voice, canListen: true, canSpeak: true, listening: "listening", level: 0.6 },
  }),
  heard: () => ({ voice: { ...BASIC.voice, canListen: true, heard: "Comment créer une association" } }),
  speaking: () => ({
    items: answered,
    voice: { ...BASIC.voice, canSpeak: true, speaking: answered[1]?.kind === "bot" ? answered[1].seq : null },
  }),
  microphone_refused: () => ({ voice: { ...BASIC.voice, canListen: true }, problem: "microphone_refused" }),
  hostile: () => ({
    items: [
      said("<img src=x onerror=alert(1)>"),
      bot({ text: "[clic](javascript:alert(1)) **<b>gras</b>** https://exemple.fr/?a=<script>" }),
      agent("<script>alert(1)</script> [ok](https://mairie.fr@evil.example)"),
    ],
  }),
  long: () => ({ items: long(1000) }),
};

export const NAMES = Object.keys(STATES);

export function stateOf(name: string): Model {
  return { ...BASIC, ...STATES[name]?.() };
}

