"""How written French sounds, as a short key: words that are spoken alike get (nearly) the same key.

A recogniser that does not know a term writes other words that sound like it: "volée social" for "volet social",
"un pacte emploi" for "Impact emploi". The key is made by rules, one spelling after the other from left to right, the
longest first. It forgets what French spelling does not settle or a telephone line does not carry: open and closed
vowels, "in" and "un", the mute e, doubled consonants. It is not a transcription; only equality and nearness of two
keys mean something.

Sounds: a e i o u (ou) y (u) 2 (eu) A (an) E (in, un) O (on) w j, and the consonants, S for ch, J for j, N for gn.
"""

from __future__ import annotations

import re
from functools import lru_cache

_VOWELS = "aàâeéèêëiîïoôuùûüyœæ"
_NASAL = rf"(?![{_VOWELS}nmh])"
"""What follows a nasal vowel: no vowel, no second n or m."""

# Spelling (a pattern, matched at the place), sound. The first that fits is taken.
_RULES = [
    # Endings that are silent or sound otherwise than inside a word.
    (r"aient$|aits?$|ais$|ets?$|ez$|ées?$|és?$|(?<!^ti)(?<!^hiv)ers?$(?<=\w{4})", "e"),
    (r"(?<=^[cdlmts])es$|(?<=^)est$|(?<=^)et$", "e"),
    (r"(?<=[bcdfghjklmnpqrstvxz])ents$", "A"),
    (r"(?<=[gq]u)es?$|es?$", ""),
    (r"(?<=[aeiouyéèêûôâî])ct$", "kt"),
    (r"(?<!^)[dtsxzp]+$", ""),
    # Vowels of several letters.
    (r"eaux?|aux?|ô", "o"),
    (r"œu|oeu|eu|eû|œ", "2"),
    (r"oin" + _NASAL, "wE"),
    (r"oy(?=[aeiouéè])", "waj"),
    (r"oi|oî", "wa"),
    (r"o[uùû]ill", "uj"),
    (r"o[uùû]", "u"),
    (r"(?:ai|ei)n" + _NASAL + r"|(?:ai|ei)m" + _NASAL, "E"),
    (r"ien" + _NASAL + r"(?!t)", "jE"),
    (r"(?<=é)en" + _NASAL, "E"),
    (r"ay(?=[aeiouéè])", "ej"),
    (r"ai(?=l)", "aj"),
    (r"(?:eu|ue|œ)il{1,2}", "2j"),
    (r"eil{1,2}", "ej"),
    (r"ai|ei|aî", "e"),
    (r"[ae]n" + _NASAL + r"|[ae]m(?=[bp])", "A"),
    (r"[iîuy]n" + _NASAL + r"|[iuy]m(?=[bp])|um$", "E"),
    (r"on" + _NASAL + r"|om(?=[bp])", "O"),
    (r"(?<=[bcdfgjklmnpqrstvx])ill(?=[aeiouyé])", "ij"),
    (r"i(?=[aeéèoô])", "j"),
    # Consonants.
    (r"(?<!s)t(?=ion|iel|ieux|ience|ient)", "s"),
    (r"sch|ch(?![rl])|sh", "S"),
    (r"ph", "f"),
    (r"gn", "N"),
    (r"ge(?=[aouâôû])|g(?=[eéèêiîy])|j", "J"),
    (r"gu(?=[eéèêiîy])|g+", "g"),
    (r"cc(?=[eéèêiîy])", "ks"),
    (r"ç|s?c(?=[eéèêiîy])", "s"),
    (r"qu|cqu|c+|k+|q|ch", "k"),
    (rf"(?<=[{_VOWELS}])s(?=[{_VOWELS}])", "z"),
    (r"s+", "s"),
    (r"x", "ks"),
    (r"w", "v"),
    (r"h", ""),
    (r"b+", "b"), (r"d+", "d"), (r"f+", "f"), (r"l+", "l"), (r"m+", "m"), (r"n+", "n"), (r"p+", "p"), (r"r+", "r"),
    (r"t+", "t"), (r"v+", "v"), (r"z+", "z"),
    # Single vowels. An e before two consonants, or before the last one, is open; elsewhere it is mute.
    (r"[éèêë]", "e"),
    (r"e(?=([bcdfglmnprstxz])\1|x|[lrcsptfg][bcdfgjklmnpqstvz]|[lrcfkq]$)", "e"),
    (r"e", ""),
    (r"[aàâ]", "a"), (r"[iîïy]", "i"), (r"o", "o"), (r"[uùûü]", "y"),
]  # fmt: skip
_COMPILED = [(re.compile(pattern), sound) for pattern, sound in _RULES]

_LETTERS = {
    "b": "be", "c": "se", "d": "de", "e": "2", "f": "ef", "g": "Je", "h": "aS", "j": "Ji", "k": "ka", "l": "el",
    "m": "em", "n": "en", "p": "pe", "q": "ky", "r": "er", "s": "es", "t": "te", "u": "y", "v": "ve", "w": "dublve",
    "x": "iks", "z": "zed",
}  # fmt: skip
_SOUNDED_VOWELS = "aeiouy2AEO"
_BLURRED = ("pb", "td", "kg", "fv", "sz", "SJsz", "mnN", "AOE", "ei", "e2", "aA", "ou", "iy", "y2u", "ao", "ijy")
_SWALLOWED = "elrjwy2td"
_ELIDED = {"l": "l", "d": "d", "n": "n", "m": "m", "t": "t", "s": "s", "c": "s", "j": "J"}


@lru_cache(maxsize=8192)
def word_key(word: str) -> str:
    """The key of one word, without apostrophe or hyphen. Letters without a vowel are spelt out; "l'" is its sound."""
    lower = word.lower()
    if lower.endswith("'") and lower[:-1] in _ELIDED:
        return _ELIDED[lower[:-1]]
    letters = re.sub(r"[^a-zàâäçéèêëîïôöùûüœæ]", "", lower)
    if letters == "e" or (len(letters) <= 5 and not re.search(f"[{_VOWELS}]", letters)):
        return _without_doubles("".join(_LETTERS[letter] for letter in letters if letter in _LETTERS))
    return _without_doubles(_sounded(letters))


def key(words: list[str]) -> str:
    """The key of several words said in one breath, without spaces."""
    return _without_doubles("".join(word_key(word) for word in words))


def _sounded(letters: str) -> str:
    sounds, place = [], 0
    while place < len(letters):
        for pattern, sound in _COMPILED:
            found = pattern.match(letters, place)
            if found and found.end() > place:
                sounds.append(sound)
                place = found.end()
                break
        else:
            place += 1
    return "".join(sounds)


def _without_doubles(sounds: str) -> str:
    return re.sub(r"(.)\1+", r"\1", sounds)


def starts_with_vowel(sounds: str) -> bool:
    """Whether an article is elided before it."""
    return sounds[:1] in _SOUNDED_VOWELS and bool(sounds)


def near(one: str, other: str) -> bool:
    """Whether two keys differ in one sound at most, and by what a telephone line blurs: a pair like p and b, or one
    of the sounds that are easily swallowed."""
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return other[same] in _SWALLOWED and one[same:] == other[same + 1 :]
    return one[same + 1 :] == other[same + 1 :] and (
        same == len(one) or any(one[same] in alike and other[same] in alike for alike in _BLURRED)
    )
