"""What the callers of `bench/callers_audio.py` say, beside the questions of tests/questions/dev.tsv.

A hesitation falls where the bar is. `HESITATIONS`: after a word that cannot end a sentence, as when somebody looks for
the next; `MID_SENTENCE`: after one that could, which only the melody or the sense can tell from an end.
"""

from __future__ import annotations

import random

from num2words import num2words

WORDS = (
    "oui", "non", "conseiller", "stop", "répétez", "allô", "merci", "un", "deux", "trois", "quatre", "cinq", "zéro",
    "bonjour", "d'accord", "pardon", "au revoir", "attendez", "aide", "agent", "voilà", "exactement", "jamais",
    "oui oui", "non merci", "plus fort", "plus lentement", "suivant", "la première", "la deuxième", "Siret", "adhésion",
)  # fmt: skip

HESITATIONS = (
    "Je voudrais des renseignements pour | l'adhésion de notre association.",
    "Est-ce que je dois déclarer les | heures supplémentaires ?",
    "Bonjour, je vous appelle pour | une question sur le bulletin de paie.",
    "Je voudrais savoir si | nous pouvons embaucher un deuxième salarié.",
    "Comment je fais pour | modifier le contrat de travail ?",
    "Il me faut un numéro de | Siret pour m'inscrire ?",
    "C'est au sujet de la | déclaration préalable à l'embauche.",
    "Je n'arrive pas à | me connecter à mon compte.",
    "On m'a dit que | le service était gratuit.",
    "Est-ce que l'association doit payer la | mutuelle du salarié ?",
    "Je voudrais parler de | notre dernier prélèvement.",
    "À quelle date est-ce que les | cotisations sont prélevées ?",
    "Nous avons un salarié qui | travaille dix heures par semaine.",
    "Quand est-ce qu'il faut | envoyer le volet social ?",
    "Est-ce que je peux utiliser le chèque emploi pour | un éducateur sportif ?",
    "J'ai reçu un courrier de | l'Urssaf la semaine dernière.",
    "Comment obtenir une | attestation d'employeur ?",
    "Je voudrais changer mon | adresse électronique.",
    "Est-ce que c'est possible de | corriger une déclaration ?",
    "Nous sommes une association avec | douze salariés.",
    "Combien de temps est-ce que ça prend pour | recevoir l'identifiant ?",
    "Je me demandais si le | taux de prélèvement à la source était à jour.",
    "Il y a une erreur dans le | montant des cotisations.",
    "Pour un contrat à durée déterminée, est-ce que je dois | payer une prime ?",
    "Mon mot de passe ne marche plus et | je ne sais pas quoi faire.",
    "Est-ce que vous pouvez me dire où | trouver le bulletin de paie ?",
    "Notre trésorier est parti, donc | il faut changer le responsable.",
    "Je voudrais, euh | savoir comment résilier l'adhésion.",
    "C'est pour, euh | un arrêt maladie.",
    "Le salarié a démissionné, alors | qu'est-ce que je dois déclarer ?",
)  # fmt: skip

MID_SENTENCE = (
    "Notre association | a besoin d'un animateur pour les vacances.",
    "Je voudrais déclarer un salarié | qui a commencé hier matin.",
    "Est-ce que le bulletin de paie | est envoyé directement au salarié ?",
    "Il faut payer les cotisations | avant quelle date ?",
    "Pour le contrat de travail | est-ce qu'il faut un modèle particulier ?",
    "Le prélèvement du mois dernier | était beaucoup plus élevé que d'habitude.",
    "Je ne comprends pas bien | comment on calcule les congés payés.",
    "Nous employons deux personnes | pour l'entretien du gymnase.",
    "La déclaration préalable | doit être faite combien de jours avant ?",
    "Un bénévole | peut-il devenir salarié de l'association ?",
    "Mon identifiant et mon mot de passe | ne fonctionnent plus depuis lundi.",
    "Si le salarié est malade | qui paie les indemnités ?",
)

NUMBERS = (
    "Mon numéro Siret est le | sept cent trente-deux | huit cent vingt-neuf | trois cent vingt | "
    "zéro zéro zéro soixante-quatorze",
    "quatre cent quarante-trois | zéro soixante et un | huit cent quarante et un | zéro zéro zéro quarante-sept",
    "C'est le | cinq cent cinquante-deux | cent | cinq cent cinquante-quatre | zéro zéro zéro vingt-cinq",
    "trois cent quarante-huit | six cent quatre-vingt-trois | neuf cent dix | zéro zéro zéro treize",
    "Alors | huit cent deux | neuf cent cinquante-quatre | sept cent quatre-vingt-cinq | zéro zéro zéro vingt-huit",
    "cinq cent trente-sept | quatre cent sept | neuf cent vingt-six | zéro zéro zéro trente-trois",
    "Le Siret, c'est | sept cent soixante-quinze | six cent soixante-douze | deux cent soixante-douze | "
    "zéro zéro zéro seize",
    "neuf | cinq | deux | quatre | un | huit | zéro | sept | six",
    "Mon numéro de téléphone, c'est le | zéro six | douze | trente-quatre | cinquante-six | soixante-dix-huit",
    "zéro un | quarante-deux | soixante-huit | cinquante-trois | zéro zéro",
    "Vous pouvez me rappeler au | zéro sept | quatre-vingt-un | vingt-deux | quarante-trois | quinze",
    "zéro quatre | soixante-dix-huit | trente-neuf | seize | vingt-cinq",
    "C'est le | zéro six | soixante-quatorze | quatre-vingt-dix | onze | quarante-huit",
    "zéro cinq | cinquante-six | quarante-quatre | trente-deux | dix-neuf",
)  # fmt: skip

_TELEPHONES = 60


def telephones() -> list[str]:
    """Telephone numbers drawn by lot, the same at each run, by turns in pairs without a pause, in pairs with pauses,
    and figure by figure; every fourth after a word or two."""
    lots = random.Random(20)
    said = []
    for number in range(_TELEPHONES):
        figures = "0" + lots.choice("1234567") + "".join(lots.choice("0123456789") for _ in range(8))
        pairs = [_pair(figures[place : place + 2]) for place in range(0, 10, 2)]
        if number % 3 == 2:
            pairs = [" | ".join(_named(one) for one in figures[place : place + 2]) for place in range(0, 10, 2)]
        between = ", " if number % 3 == 0 else " | "
        said.append(("C'est le " if number % 4 == 3 else "") + between.join(pairs))
    return said


def _pair(figures: str) -> str:
    """As people say it: "zéro six", "quatre-vingt-un"."""
    return f"zéro {_named(figures[1])}" if figures[0] == "0" else _named(figures)


def _named(figures: str) -> str:
    return str(num2words(int(figures), lang="fr"))


OWN_DIGITS = (
    (7, 3, 2, 8, 2, 9, 3, 2, 0), (0, 6, 1, 2, 3, 4, 5, 6, 7, 8), (4, 4, 3, 0, 6, 1, 8, 4, 1), (0, 1, 4, 9, 2, 3, 2, 2),
    (5, 5, 2, 1, 0, 0, 5, 5, 4), (0, 7, 8, 1, 2, 2, 4, 3), (9, 5, 2, 4, 1, 8, 0, 7), (3, 4, 8, 6, 8, 3, 9, 1, 0),
)  # fmt: skip
"""Dictated with the recorded digits of a real voice, pauses after every second or third."""

BOT_SENTENCES = (
    "Bonjour, vous êtes en relation avec l'assistant vocal automatique du chèque emploi associatif.",
    "Cet appel n'est pas enregistré. À tout moment, dites conseiller ou tapez zéro pour parler à une personne.",
    "Les cotisations sont prélevées le mois qui suit la déclaration, sur le compte de l'association.",
    "L'adhésion est gratuite et se fait en ligne. Il faut le numéro Siret de l'association et un relevé d'identité "
    "bancaire.",
    "Excusez-moi, je n'ai pas bien entendu. Pouvez-vous répéter votre question ?",
    "Le bulletin de paie est disponible dans votre compte, quelques jours après votre déclaration.",
)  # fmt: skip
