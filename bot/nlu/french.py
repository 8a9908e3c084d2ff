"""Small words of French that steer a conversation: where two questions meet, what leans on the question before,
what takes it back, and how people shorten what they type.

Everything works on the text as people write it; nothing here knows of any subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SHORTENED = {
    "c": "c'est", "g": "j'ai", "j": "je", "ke": "que", "koi": "quoi", "kwa": "quoi", "ki": "qui", "kan": "quand",
    "kand": "quand", "qd": "quand", "cmt": "comment", "coment": "comment", "commen": "comment", "pk": "pourquoi",
    "pq": "pourquoi", "pkoi": "pourquoi", "pcq": "parce que", "bjr": "bonjour", "slt": "salut",
    "svp": "s'il vous plaît", "stp": "s'il te plaît", "mr6": "merci", "mci": "merci", "qqn": "quelqu'un",
    "qq1": "quelqu'un", "qqch": "quelque chose", "qqun": "quelqu'un", "qlq": "quelque", "tt": "tout", "ts": "tous",
    "ds": "dans", "dc": "donc", "ac": "avec", "pr": "pour", "ns": "nous", "vs": "vous", "vou": "vous", "nou": "nous",
    "jdois": "je dois", "jpeux": "je peux", "jveux": "je veux", "jvoudrais": "je voudrais", "jsuis": "je suis",
    "jsais": "je sais", "jai": "j'ai", "jé": "j'ai", "chui": "je suis", "chuis": "je suis",
    "jcomprend": "je comprends", "jtrouve": "je trouve", "ya": "il y a", "yapa": "il n'y a pas", "cest": "c'est",
    "ct": "c'était", "sa": "ça", "kel": "quel", "kelle": "quelle", "kels": "quels", "komen": "comment",
    "ossi": "aussi", "mm": "même", "rdv": "rendez-vous", "tel": "téléphone", "num": "numéro", "dem": "demande",
    "asso": "association", "assoc": "association", "assos": "associations", "tjs": "toujours", "tjrs": "toujours",
    "bcp": "beaucoup", "auj": "aujourd'hui", "ajd": "aujourd'hui", "vrmt": "vraiment", "nv": "nouveau",
    "nvx": "nouveaux", "nvl": "nouvelle", "pb": "problème", "pbm": "problème", "msg": "message", "pdt": "pendant",
    "lgtps": "longtemps", "tps": "temps", "parè": "paraît", "fo": "faut", "fok": "faut que", "doi": "dois", "ê": "est",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[^\w\s]|\S")

# Strong: a new question begins for sure. Weak: it may begin, if both sides turn out to be questions.
_STRONG = re.compile(
    r"[.?!;\n]+\s*|\s*,?\s+(?:et|mais|puis)?\s*(?:sinon|par ailleurs|autre question|autre chose|deuxième question|"
    r"seconde question|deuxièmement|et aussi|ainsi que|et puis|et en plus|au passage|tant que j'y suis|"
    r"tant qu'on y est|dans la foulée|et par la même occasion|et également)\b[\s,:]*",
    re.IGNORECASE,
)
_WEAK = re.compile(r"\s+(?:et|puis|plus|aussi|ou bien|mais)\s+|\s*[,:/+]\s+|\s+[/+&]\s+", re.IGNORECASE)
_FEWEST_PART_WORDS = 2

_TAKEN_BACK = re.compile(
    r"^\W*(?:(?:ah|euh|mais|heu|bah|ben|oh|attendez|excusez[- ]moi|pardon|désolée?)\W+)*"
    r"(?P<back>(?:non|nan|nn|nope)\b(?:\W+(?:non|nan|mais|pas du tout|en fait|plutôt|justement|désolée?|pardon)\b)*"
    r"|pas (?=\w+)"
    r"|c(?:e n)?'?(?:e?st)? ?pas (?:ça|cela|ce que|du tout)\b[^,.;:]*"
    r"|(?:vous m'avez|vous avez|tu as|t'as) mal compris\b"
    r"|je me suis mal exprimée?\b"
    r"|je (?:parlais|parle|voulais dire|voulais parler|demandais|voulais savoir plutôt)\b"
    r"|(?:plutôt|en fait) (?=je (?:parlais|voulais|demandais)))"
    r"\W*",
    re.IGNORECASE,
)
# "non mais c'est pas ça du tout": nothing is put in its place.
_NOTHING_ELSE = re.compile(r"\W*(?:mais )?c(?:e n)?'?(?:e?st)? ?pas (?:ça|cela)(?: du tout)?\W*", re.IGNORECASE)
_NAMING = re.compile(
    r"^(?:mais\s+)?(?:moi\s+)?(?:je (?:parlais|parle|voulais dire|voulais parler|demandais|veux dire|cherche|cherchais|"
    r"voulais|veux)|c'(?:est|était) (?:pour|plutôt|sur)|il s'agit|ma question (?:était|c'est|porte))"
    r"\s*(?:de la|de l'|du|des|de|d'|sur|pour|plutôt)?\s*",
    re.IGNORECASE,
)

# "le contrat, pas la déclaration", "pas CDI, un CDI intermittent": what is excluded goes.
_NOT_THIS = re.compile(
    r"\W+(?:et )?(?:non )?pas (?:l[ea']s?|une?|du|des|au)\b[^,.;]*$|^pas [^,.;]*[,.;]\s*", re.IGNORECASE
)

_GREETING = re.compile(
    r"^\W*(?:(?:bonjour|bonsoir|salut|allô|allo|coucou|hello|merci(?: beaucoup| bien)?|madame|monsieur|"
    r"messieurs|mesdames|à vous|à tous|oui|euh|et|de)\b\W*)+",
    re.IGNORECASE,
)

_LEANING_START = re.compile(
    r"^\W*(?:(?:ok|okay|d'accord|dacc?|oui|ah|euh|heu|bon|bien|merci|très bien|super|ah bon|ha)\W+)*"
    r"(?:et|mais|alors|donc|du coup|puis|même|meme|sauf|par contre|dans ce cas|sinon)\b",
    re.IGNORECASE,
)
_LEANING_WORD = re.compile(
    r"\b(?:ça|ca|cela|celui|celle|ceux|lui|leur|eux|elle|il|ils|elles|en|y|dedans|là|laquelle|lequel|lesquels|pareil|"
    r"idem|aussi|après|apres|ensuite|pendant ce temps)\b"
    r"|\b(?:le|la|les|l')\s?(?:faire|faites|fait|faut|donner?|envoyer?|payer?|demander?|recevoir|obtenir|trouver?|"
    r"mettre|mets|changer?|remplir|déclarer?|signer|garder?|avoir|voir|calculer?)\b",
    re.IGNORECASE,
)
_LEANING_SHAPE = re.compile(
    r"^\W*(?:c'est (?:quand|où|combien|quoi|comment|obligatoire|payant|gratuit|long|qui|quel)|combien|quand|"
    r"jusqu'à quand|où|comment|pourquoi|quel(?:le)?s? |il faut|faut[- ]il|y a|"
    r"on (?:est|peut|doit)|c'est (?:à|nous|qui)|avant quand)",
    re.IGNORECASE,
)
_LONGEST_LEANING_WORDS = 14


def written_out(text: str) -> str:
    """The text with the usual abbreviations of quick typing written out: "cmt jpeux" gives "comment je peux"."""
    words = _WORD.findall(text)
    if not any(word.lower() in _SHORTENED for word in words):
        return text
    return _WORD.sub(lambda match: _SHORTENED.get(match[0].lower(), match[0]), text)


def splits(text: str) -> Iterator[tuple[str, str, bool]]:
    """Where one message may hold two questions: (before, after, whether a new one begins there for sure), the
    likeliest places first."""
    seen: set[int] = set()
    for pattern in (_STRONG, _WEAK):
        for match in pattern.finditer(text):
            before, after = text[: match.start()].strip(), text[match.end() :].strip()
            if match.start() not in seen and _enough(before) and _enough(after):
                seen.add(match.start())
                yield before, after, pattern is _STRONG


def _enough(part: str) -> bool:
    return len(re.findall(r"\w+", part)) >= _FEWEST_PART_WORDS


def taken_back(text: str) -> str | None:
    """What a correction puts in the place of the question before ("non, je parlais du bulletin" gives "bulletin");
    empty when it only takes it back; None when the text is no correction."""
    found = _TAKEN_BACK.match(text)
    if found is None:
        return None
    rest = text[found.end() :]
    if _NOTHING_ELSE.fullmatch(rest):
        return ""
    named = _NAMING.sub("", rest, count=1)
    return _NOT_THIS.sub("", named).strip(" ,.;:!?")


def without_greeting(text: str) -> str:
    """A message without the courtesies it opens with ("bonjour, merci de …"); the message itself when it is nothing
    else."""
    rest = _GREETING.sub("", text, count=1).strip()
    return rest if len(re.findall(r"\w{3,}", rest)) >= 1 else text


def leans(text: str) -> bool:
    """Whether a message may only make sense after the one before: short, with an opening or a pronoun that refers."""
    if len(re.findall(r"\w+", text)) > _LONGEST_LEANING_WORDS:
        return False
    return any(pattern.search(text) for pattern in (_LEANING_START, _LEANING_WORD, _LEANING_SHAPE))
