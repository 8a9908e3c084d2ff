// Every sentence that the page itself says. What the bot says comes from the server.

const dateFormat = new Intl.DateTimeFormat("fr-FR", { dateStyle: "long", timeZone: "UTC" });
const plural = (count, word) => `${count.toLocaleString("fr-FR")} ${word}${count > 1 ? "s" : ""}`;

export const TEXTS = {
  bot: "Assistant automatique",
  person: "Vous",
  agent: "Conseiller",
  system: "Information",
  source: "Source : ",
  verified: (isoDate) => `Vérifié le ${formatDate(isoDate)}`,
  newTab: "(nouvel onglet)",
  choices: "Choisissez votre sujet",
  announce: (author, text) => `${author} : ${text}`,
  announceChoices: (titles) => `Au choix : ${titles.join(" ; ")}.`,

  sending: "Envoi…",
  notSent: "Non envoyé",
  retry: "Réessayer",
  retryMessage: (text) => `Réessayer d’envoyer « ${text} »`,
  announceNotSent: "Votre message n’a pas été envoyé.",

  left: (count) => `${plural(count, "caractère")} restant${count > 1 ? "s" : ""}`,
  tooLong: (count) => `Trop long de ${plural(count, "caractère")}`,

  askedForPerson: "Parler à un conseiller",
  handover: {
    requested: "Conseiller demandé. Votre conversation lui est transmise ; vous pouvez continuer à écrire.",
    taken: "Un conseiller suit votre conversation.",
    closed: "L’échange avec le conseiller est terminé.",
    cancelled: "La demande de conseiller est annulée.",
  },

  link: { idle: "Prêt", connecting: "Connexion…", open: "Connecté", waiting: "Hors connexion" },
  serviceDown: "Le service ne répond pas pour l’instant.",
  connectionLost: "La connexion est interrompue. Nouvelle tentative automatique dans un instant.",
  connectionBack: "La connexion est rétablie.",
  conversationGone: "La conversation précédente n’est plus disponible. Vous pouvez en commencer une nouvelle.",

  restart: "Cette conversation sera définitivement effacée.",
  restartWithHandover:
    "Cette conversation sera définitivement effacée, et votre demande de conseiller sera annulée.",
  restarted: "La conversation est effacée.",
  notErased:
    "Le service n’a pas pu effacer la conversation précédente maintenant. Elle sera effacée à la fin du délai de conservation.",
};

export function formatDate(isoDate) {
  const date = new Date(isoDate);
  return Number.isNaN(date.getTime()) ? isoDate : dateFormat.format(date);
}
