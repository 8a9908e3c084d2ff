"""How French administrative writing is said: the tables behind `voice.spoken_french`."""

from __future__ import annotations

MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()

# Spelt as the phonemiser reads them right: "eu" would be heard as "u", "ème" as "jème".
LETTERS = {
    "A": "a", "B": "bé", "C": "cé", "D": "dé", "E": "euh", "F": "effe", "G": "gé", "H": "ache", "I": "i", "J": "ji",
    "K": "ka", "L": "elle", "M": "aime", "N": "enne", "O": "o", "P": "pé", "Q": "cu", "R": "erre", "S": "esse",
    "T": "té", "U": "u", "V": "vé", "W": "double vé", "X": "ixe", "Y": "i grec", "Z": "zède",
}  # fmt: skip

# Initials that are said as a word, and words that the phonemiser would take for English. Any case.
PRONUNCIATIONS = {
    "ACOSS": "Acosse", "AGEFIPH": "Agéfiph", "AGIRC": "Agirc", "AMELI": "Améli", "ANTS": "a enne té esse",
    "ARRCO": "Arco", "BAFA": "Bafa", "BAFD": "Bafde", "BIC": "bic", "BOSS": "Boss", "CAF": "Caf", "CEDEX": "Cédex",
    "CERFA": "Cerfa", "CESU": "Cézu", "CNIL": "Cnil", "COVID": "Covid", "CREPS": "Crepse", "DARES": "Daresse",
    "DGFIP": "dé gé effe i pé",
    "DROM": "Drom", "EMAIL": "imèle", "E-MAIL": "imèle", "FAQ": "effe a cu", "GUSO": "Guso",
    "IBAN": "Ibane", "INSEE": "Insé", "INPI": "Inpi", "IRCEM": "Ircem", "MAIF": "Maïf", "MAIL": "mèle", "NAF": "naf",
    "NIR": "enne i erre", "OPCA": "Opca", "OPCO": "Opco", "PASS": "passe", "PIN": "pine",
    "PUMA": "Puma", "RIB": "rib", "SACEM": "Sacem", "SEPA": "Sépa", "SIREN": "Sirène", "SIRET": "Siret", "SMIC": "Smic",
    "SMS": "esse aime esse", "SMUR": "Smur", "TIPI": "tipi", "UNEDIC": "Unédic", "URSSAF": "Urssaf",
    "WEB": "ouèbe", "WWW": "trois double vé", "GOUV": "gouv", "IMPOTS": "impôts", "PDF": "pé dé effe", "OK": "oké",
}  # fmt: skip

# Capitals that are only emphasis, though as short as initials.
PLAIN_WORDS = frozenset(
    "OUI NON PAS ET OU LE LA LES DE DU DES UN UNE EN AU AUX À ICI TOUT TOUS BON QUI QUE SUR PAR POUR AVEC SANS "
    "NE SI SE SA SON SES MA MON MES CES EST SONT DANS PLUS TRÈS AVANT APRÈS FIN MOIS AN ANS JOUR JOURS NET "
    "BRUT IL ELLE ILS ELLES VOUS NOUS JE TU ON FAUT DOIT PEUT BIEN SAUF DATE NOTE AIDE PAIE "
    "MAI JUIN MARS AVRIL AOÛT NUL VOIR".split()
)

# Pattern, what is said. A full stop at the end belongs to the abbreviation.
ABBREVIATIONS = (
    (r"M\.(?= ?[A-ZÀ-Ý]| l[ea] )", "monsieur"),
    (r"MM\.(?= ?[A-ZÀ-Ý])", "messieurs"),
    (r"Mme\b", "madame"),
    (r"Mmes\b", "mesdames"),
    (r"Mlle\b", "mademoiselle"),
    (r"Mlles\b", "mesdemoiselles"),
    (r"Me(?= [A-ZÀ-Ý])", "maître"),
    (r"Dr\.?(?= [A-ZÀ-Ý])", "docteur"),
    (r"Pr\.?(?= [A-ZÀ-Ý])", "professeur"),
    (r"[nN][°º]s ?(?=[0-9])", "numéros "),
    (r"[nN][°º] ?", "numéro "),
    (r"et/ou\b", "et ou"),
    (r"St-(?=[A-ZÀ-Ý])", "Saint-"),
    (r"Ste-(?=[A-ZÀ-Ý])", "Sainte-"),
    (r"Cass\. soc\.", "Cour de cassation, chambre sociale,"),
    (r"[aA]rt\.", "article"),
    (r"al\.(?= ?[0-9])", "alinéa"),
    (r"pp?\.(?= ?[0-9])", "page"),
    (r"chap\.", "chapitre"),
    (r"[tT]él\.", "téléphone"),
    (r"réf\.", "référence"),
    (r"bd\b\.?(?= [A-ZÀ-Ý])", "boulevard"),
    (r"av\.(?= )", "avenue"),
    (r"c\.[- ]?à[- ]?d\.", "c'est-à-dire"),
    (r"p\. ?ex\.", "par exemple"),
    (r"(?:ex|Ex)\.", "exemple"),
    (r"cf\.?(?= )", "voir"),
    (r"env\.", "environ"),
    (r"max\.", "maximum"),
    (r"(?<![0-9] )(?<![0-9])min\.", "minimum"),
    (r"svp\b|SVP\b|s\.v\.p\.", "s'il vous plaît"),
    (r"RDV\b|rdv\b", "rendez-vous"),
    (r"H/F\b", "homme ou femme"),
    (r"etc\.?", "et cétéra"),
)

# Unit after a number: singular, plural.
UNITS = {
    "min": ("minute", "minutes"), "mn": ("minute", "minutes"), "s": ("seconde", "secondes"), "j": ("jour", "jours"),
    "km": ("kilomètre", "kilomètres"), "m²": ("mètre carré", "mètres carrés"), "m": ("mètre", "mètres"),
    "cm": ("centimètre", "centimètres"), "kg": ("kilo", "kilos"), "g": ("gramme", "grammes"),
    "Mo": ("mégaoctet", "mégaoctets"), "Go": ("gigaoctet", "gigaoctets"), "ko": ("kilooctet", "kilooctets"),
    "°C": ("degré", "degrés"), "°": ("degré", "degrés"),
}  # fmt: skip

FEMININE = frozenset(
    "heure heures minute minutes seconde secondes journée journées semaine semaines année années nuit nuits fois "
    "association associations personne personnes structure structures fiche fiches page pages demande demandes "
    "déclaration déclarations embauche embauches date dates question questions réponse réponses touche touches "
    "convention conventions cotisation cotisations aide aides démarche démarches salariée salariées absence "
    "absences ligne lignes pièce pièces copie copies signature signatures adresse adresses étape étapes".split()
)

# The phonemiser leaves out their last consonant before any other: right in "six jours", wrong in "le six du mois".
SOUNDED = {"six": "sisse", "huit": "huitte", "dix": "disse"}
NOT_COUNTED = (
    "du de des au aux à et ou qui que sur est sont dans par chaque puis avec sans mais ni pour "
    "zéro vingt trente quarante cinquante soixante"
).split()

FRACTIONS = {(1, 2): "un demi", (1, 3): "un tiers", (2, 3): "deux tiers", (1, 4): "un quart", (3, 4): "trois quarts"}

# Short public numbers, said in pairs.
SHORT_PHONES = frozenset("3018 3020 3114 3117 3119 3620 3631 3635 3646 3919 3939 3949 3957 3960 3975 3977".split())

# The last part of a web address.
DOMAINS = {
    "fr": "effe erre", "com": "com", "org": "orgue", "net": "nette", "eu": "euh u", "info": "info", "asso": "asso",
    "gouv": "gouv", "io": "i o", "paris": "Paris", "bzh": "bé zède ache", "example": "example",
}  # fmt: skip

SYMBOLS = {
    "&": " et ", "+": " plus ", "=": " égale ", "×": " fois ", "÷": " divisé par ", "±": " plus ou moins ",
    "€": " euros ",
    "$": " dollars ", "£": " livres ", "%": " pour cent ", "‰": " pour mille ", "°": " degrés ", "§": " paragraphe ",
    "@": " arobase ", "#": " dièse ", "~": " environ ", "≈": " environ ", "≤": " au plus ", "≥": " au moins ",
    "<": " moins de ", ">": " plus de ", "½": " un demi ", "¼": " un quart ", "¾": " trois quarts ", "/": " ou ",
    "«": " ", "»": " ", "“": " ", "”": " ", '"': " ", "(": ", ", ")": ", ", "[": ", ", "]": ", ", "{": " ", "}": " ",
    "–": ", ", "—": ", ", "→": ", ", "|": ", ", "\\": " ", "^": " ", "`": " ", "_": " ", "*": " ", "•": " ", "·": "",
}  # fmt: skip
