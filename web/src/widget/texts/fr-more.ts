/** What more.js says in French: see fr.ts. */

export const frMore = {
  about: "À propos de cet assistant",
  download: "Télécharger la conversation",
  erase: "Supprimer ma conversation",
  eraseTitle: "Supprimer cette conversation ?",
  eraseText:
    "Tous les messages seront définitivement effacés, ici et sur notre serveur. Une demande de conseiller en cours sera annulée.",
  eraseConfirm: "Supprimer définitivement",
  erasing: "Suppression en cours…",
  erased: "Votre conversation est supprimée",
  notErased: "Suppression non confirmée",
  otherLanguage: "English",
  back: "Revenir à la conversation",
  cancel: "Annuler",

  whyNot: "Qu’est-ce qui n’allait pas ?",
  reasons: {
    not_my_question: "Ce n’était pas ma question",
    incomplete: "La réponse est incomplète",
    unclear: "La réponse n’est pas claire",
    wrong: "La réponse est fausse",
  },

  listen: "Écouter la réponse",
  stop: "Arrêter la lecture",
  microphone: "Parler au lieu d’écrire",
  microphoneStop: "Terminer et transcrire",
  listening: {
    off: "",
    asking: "Votre navigateur demande l’accès au microphone…",
    listening: "Nous vous écoutons. Appuyez de nouveau quand vous avez fini.",
    transcribing: "Transcription en cours…",
  },
  heard: "Texte entendu : {text} Relisez-le avant de l’envoyer.",

  required: "Tous les champs sont obligatoires. Ces informations servent uniquement à traiter votre demande.",
  name: "Nom et prénom",
  number: "Numéro de téléphone",
  time: "Créneau souhaité",
  chooseTime: "Choisir un créneau",
  contact: "Téléphone ou adresse électronique",
  text: "Votre message",
  missing: {
    name: "Indiquez votre nom.",
    number: "Indiquez un numéro de téléphone complet, par exemple 06 12 34 56 78.",
    time: "Choisissez un créneau.",
    contact: "Indiquez un numéro de téléphone complet, ou une adresse comme nom@exemple.fr.",
    text: "Écrivez votre message, en {n} caractère au plus.|Écrivez votre message, en {n} caractères au plus.",
  },
  error: "Erreur : {text}",
  formFailed: "L’envoi a échoué. Vos réponses sont toujours là : vous pouvez réessayer.",

  sensitive: {
    social_security: "un numéro de sécurité sociale",
    iban: "un numéro de compte bancaire (IBAN)",
    phone: "un numéro de téléphone",
    card: "un numéro de carte bancaire",
    email: "une adresse électronique",
  },
  saysSensitive: "Votre message semble contenir {list}. Ce n’est pas nécessaire pour vous répondre.",
  correct: "Corriger",
  sendAnyway: "Envoyer quand même",

  voiceProblem: {
    microphone_refused:
      "Le microphone n’est pas autorisé : changez-le dans votre navigateur, ou écrivez votre question.",
    microphone_failed: "Le microphone ne fonctionne pas. Vous pouvez écrire votre question.",
    voice_unavailable: "La voix n’est pas disponible pour le moment. Vous pouvez continuer par écrit.",
    not_heard: "Nous n’avons rien entendu. Réessayez, ou écrivez votre question.",
  },
};
