/** The few words that are needed before a language has come: those of the launcher, and of a request sent from outside. */

export const WORDS = {
  fr: {
    launcher: "Une question ?",
    one: "nouveau message",
    other: "nouveaux messages",
    failed: "Service indisponible, réessayer",
    person: "Parler à un conseiller",
  },
  en: {
    launcher: "Any questions?",
    one: "new message",
    other: "new messages",
    failed: "Service unavailable, try again",
    person: "Talk to an adviser",
  },
};
