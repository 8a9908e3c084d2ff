/**
 * Every sentence that the widget itself says, in French. What the bot says comes from the server.
 *
 * Plain data, so that another language is another file like this one: `{name}` stands for a value, and where a
 * number decides, the singular and the plural are separated by `|`. What is done with them is in words.ts.
 */

export const fr = {
  locale: "fr",
  /** For numbers and dates. */
  tag: "fr-FR",
  direction: "ltr",
  title: "Assistant en ligne",
  bot: "Assistant automatique",
  you: "Vous",
  information: "Information",
  log: "Conversation",
  says: "{who} : {text}",

  link: {
    none: "Prêt",
    connecting: "Connexion…",
    live: "En ligne",
    polling: "En ligne, connexion limitée",
    waiting: "Hors connexion",
  },
  linkBack: "La connexion est rétablie.",

  close: "Fermer",
  menu: "Options de la conversation",

  noticeTitle: "Vous échangez avec un assistant automatique",
  notice:
    "Une intelligence artificielle reconnaît le sujet de votre question ; elle n’écrit pas les réponses, qui ont été rédigées et vérifiées par des personnes. L’assistant renseigne : il ne prend aucune décision.",
  kept: "Rien n’est conservé avant votre premier message. Vous pouvez supprimer la conversation à tout moment.",
  keptFor: "Sinon, elle est effacée {n} jour après sa fin.|Sinon, elle est effacée {n} jours après sa fin.",
  careful: "N’indiquez ni numéro de sécurité sociale, ni coordonnées bancaires, ni information sur votre santé.",

  suggestions: "Par exemple, vous pouvez demander",
  choices: "Choisissez votre sujet",
  saysChoices: "Au choix : {choices}.",
  chosen: "(choisi)",
  source: "Source :",
  verified: "Vérifié le {date}",
  stale: "(il y a plus d’un an : à confirmer auprès du service)",
  newTab: "(nouvel onglet)",
  helpful: "Cette réponse vous a-t-elle aidé ?",
  yes: "Oui",
  no: "Non",
  thanks: "Merci pour votre avis.",
  botTyping: "L’assistant prépare sa réponse…",
  agentTyping: "{agent} écrit…",
  newer: "Nouveau message",

  sending: "Envoi…",
  notSent: "Message non envoyé.",
  retry: "Réessayer",
  retryMessage: "Réessayer d’envoyer « {text} »",

  field: "Votre question",
  fieldToAgent: "Votre message à {agent}",
  send: "Envoyer",
  hint: "Entrée pour envoyer, Maj + Entrée pour aller à la ligne",
  left: "{n} caractère restant|{n} caractères restants",
  over: "Trop long de {n} caractère|Trop long de {n} caractères",

  problem: {
    service_down: "Le service ne répond pas pour l’instant.",
    connection_lost: "La connexion est interrompue. Nouvelle tentative automatique dans un instant.",
    not_fetched: "Le chargement a échoué. Vérifiez votre connexion, puis réessayez.",
    conversation_gone: "La conversation précédente n’est plus disponible. Vous pouvez en commencer une nouvelle.",
    origin_refused: "Cette page n’est pas autorisée à utiliser l’assistant.",
    not_erased:
      "La suppression n’a pas pu être confirmée. La conversation sera effacée à la fin du délai de conservation.",
  },
  hide: "Masquer ce message",

  person: "Parler à un conseiller",
  someone: "un conseiller",
  opens: "Prochaine ouverture : {moment}.",
  /** How a request stands, above the field. */
  state: {
    requested: "Nous cherchons un conseiller. Vous pouvez continuer à écrire.",
    queued: "Vous êtes dans la file d’attente.",
    first: "Vous êtes en tête de la file d’attente.",
    before: "{n} personne est avant vous.|{n} personnes sont avant vous.",
    wait: "Attente estimée : {wait}.",
    active: "Vous échangez avec {agent}.",
    callback: "{someone} vous appellera {slot}.",
    callback_later: "{someone} vous rappellera.",
    message_left: "Votre message a bien été transmis au service.",
  },
  /** What has changed, in the transcript. */
  note: {
    requested: "Vous avez demandé un conseiller.",
    queued: "Votre demande est dans la file d’attente.",
    active: "{agent} a rejoint la conversation.",
    ended: "L’échange avec {agent} est terminé. L’assistant automatique vous répond de nouveau.",
    cancelled: "Votre demande de conseiller est annulée.",
  },
  refused: {
    closed: "Nos conseillers ne sont pas joignables à cette heure.",
    nobody: "Aucun conseiller n’est disponible pour le moment.",
    full: "Trop de personnes attendent déjà un conseiller.",
  },
  wait: {
    short: "moins d’une minute",
    minutes: "environ {n} minute|environ {n} minutes",
    hour: "environ une heure",
    more: "plus d’une heure",
  },
  slot: "{day}, de {from} à {to}",
  moment: "{day} à {from}",
  hour: "{h} h",
  hourAndMinutes: "{h} h {m}",
  elsewhere: " (heure du service)",
  stopWaiting: "Annuler ma demande",
  stopTalking: "Terminer l’échange",
  losePlace: "Annuler votre demande ? Vous perdrez votre place dans la file d’attente.",
  loseAgent: "Terminer l’échange ? Le conseiller ne pourra plus vous répondre.",
  keepWaiting: "Continuer d’attendre",
  keepTalking: "Continuer l’échange",
  hours: "Horaires des conseillers",
  callback: "Être rappelé",
  message: "Laisser un message",
};

export type Sentences = typeof fr;
