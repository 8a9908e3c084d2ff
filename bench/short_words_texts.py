"""What is said to `bench/short_words.py`: the answers that a telephone expects, and words that are none of them."""

from __future__ import annotations

ANSWERS: dict[str, tuple[str, ...]] = {
    "oui": ("oui", "oui s'il vous plaît", "oui merci"),
    "non": ("non", "non non"),
    "ouais": ("ouais",),
    "oui oui": ("oui oui",),
    "non merci": ("non merci",),
    "d'accord": ("d'accord", "ok"),
    "voilà": ("voilà",),
    "exactement": ("exactement",),
    "tout à fait": ("tout à fait",),
    "c'est ça": ("c'est ça",),
    "jamais": ("jamais",),
    "zéro": ("zéro",),
    "un": ("un", "le un"),
    "deux": ("deux", "le deux"),
    "trois": ("trois", "le trois"),
    "quatre": ("quatre",),
    "cinq": ("cinq",),
    "six": ("six",),
    "sept": ("sept",),
    "huit": ("huit",),
    "neuf": ("neuf",),
    "dix": ("dix",),
    "la première": ("la première", "le premier"),
    "la deuxième": ("la deuxième", "le deuxième"),
    "la troisième": ("la troisième", "le troisième"),
    "numéro un": ("numéro un",),
    "numéro deux": ("numéro deux",),
    "numéro trois": ("numéro trois",),
    "conseiller": ("conseiller", "un conseiller", "une conseillère", "un conseiller s'il vous plaît"),
    "agent": ("agent", "un agent"),
    "répétez": ("répétez", "répéter", "répétez s'il vous plaît"),
    "plus fort": ("plus fort",),
    "plus lentement": ("plus lentement", "plus lentement s'il vous plaît"),
    "attendez": ("attendez", "attendez s'il vous plaît"),
    "pardon": ("pardon",),
    "stop": ("stop",),
    "suivant": ("suivant",),
    "retour": ("retour",),
    "aide": ("aide",),
    "allô": ("allô",),
    "bonjour": ("bonjour",),
    "merci": ("merci",),
    "au revoir": ("au revoir",),
    "Siret": ("Siret",),
    "adhésion": ("adhésion",),
}
"""What is acted on, and the wordings that mean it."""

OTHER_WORDS = (
    "euh", "hum", "ah", "oh", "eh", "attends", "bien sûr", "peut-être", "je sais pas", "quoi", "comment", "hein",
    "moi", "toi", "froid", "je crois", "la voix", "mon nom", "c'est bon", "ton", "long", "lui", "Louis", "là",
    "la nuit", "la pluie", "ce", "peu", "bleu", "le feu", "vieux", "cadre", "battre", "la main", "du pain",
    "les gens", "l'argent", "avant", "un enfant", "conseil", "considérer", "répondez", "tapez", "attention",
    "bonsoir", "salaire", "salarié", "contrat", "la paie", "bulletin", "association", "cotisation", "adhérent",
    "mot de passe", "horaires", "adresse", "téléphone", "secrétaire", "mairie", "poste", "top", "stock",
    "le port", "la mort", "plus tard", "plus vite", "plus haut", "encore", "toujours", "janvier", "lundi",
    "mardi", "c'est pas ça", "un instant", "deux minutes", "trois mille", "quand", "qui", "où ça", "pourquoi",
    "combien", "rien", "bien", "très bien", "super", "parfait", "je veux", "s'il vous plaît", "madame",
    "monsieur", "mais non", "mais oui", "oui mais", "non mais", "vous", "nous", "j'ai", "demain", "le pont",
    "donc", "alors", "bon", "ben", "voyons", "fin", "vingt", "cent", "mille", "onze", "douze", "treize", "quinze",
    "seize", "trente", "soixante", "quarante", "c'est combien", "la carte", "le permis", "passeport", "naissance",
    "mariage", "déchets", "cantine", "crèche", "école", "vingt-deux", "zéro six", "trente-trois", "huit cents",
    "deux salariés", "un salarié", "six mois", "sept heures", "dix jours", "neuf cents", "cinquante", "quatre-vingts",
    "je voudrais", "est-ce que", "c'est pour", "il faut", "on m'a dit", "comment faire", "c'est quoi", "qu'est-ce que",
    "j'ai une question", "un renseignement", "mon dossier", "la date", "le montant", "un arrêt maladie", "un contrat",
    "je comprends pas", "ça marche", "c'est non", "si", "sauf", "ouvert", "fermé", "d'abord", "dehors", "encore un",
    "l'accord", "corps", "merde", "mercredi", "mardi matin", "la mairie", "hier", "il y a", "oui je", "non je",
    "oui bonjour", "non pas ça", "oui alors", "un deux trois", "trois quatre", "le six juin", "premier contrat",
    "l'aide", "les aides", "laide", "la gendarme", "la jeune", "une agence", "urgent", "lentement", "la forme",
    "effort", "un fort", "répète", "réponse", "le numéro", "numéro", "mon numéro de Siret", "le siège", "décision",
    "admission", "occasion", "suivre", "avis", "retard", "le tour", "autour", "un jour", "toujours pas", "le jour",
    "partons", "par contre", "gardons", "entendu", "attendu", "à tout à l'heure", "à bientôt", "à demain",
    "bonne journée", "jamais de la vie", "mes", "j'aimais", "fait", "tout", "tout de suite", "c'est ici", "c'est sûr",
    "ça va", "c'est là", "la lettre", "la mère", "la première fois", "la deuxième partie", "dix-huit", "dix-sept",
    "soixante-dix", "deux cents",
)  # fmt: skip
"""Also what is near an answer or begins with one: a caller who says more has not answered."""

ADDED = ("euh", "s'il vous plaît")
"""Said before an answer, and after it."""


def wordings() -> dict[str, str]:
    """Each wording with the answer it means."""
    return {wording: answer for answer, each in ANSWERS.items() for wording in each}
