"""Mends what a recogniser writes for terms that it does not know: "volée social" is "volet social" here.

Words in a row that sound like a term of the domain, and are not the term, become the term. Three rules keep ordinary
sentences as they are. A long term (eight sounds and more) is replaced where every sound agrees: nobody says another
sentence that sounds the same. Where one sound differs, it is one that a telephone line blurs, and at least one of the
words must be strange, that is unknown to the domain's texts. For a short term the same holds, and for a term of one
word all of them must be strange.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from bot.nlu.phonetic import key, near, starts_with_vowel, word_key
from voice.transcript import folded_words

_LONG = 8
"""Sounds from which a term of several words needs no other proof than its sound."""
_LONG_ENOUGH_TO_DIFFER = 9
_LONG_ENOUGH_TO_ELIDE = 6
_SHORTEST = 4
_MORE_WORDS = 3
"""How many words more than the term has may be heard for it."""
_WORD = re.compile(r"\w+'?")
_BETWEEN = re.compile(r"[ '.-]*")
_LISTED = re.compile(r"[,;.!?…]+")


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class _Term(NamedTuple):
    text: str
    folded: list[str]
    words: int
    elided: bool = False  # "lursaf": the article has been taken for the word's beginning


class _Match(NamedTuple):
    place: int
    words: int
    term: _Term


class Corrections:
    """For the terms of one domain; built once, safe for several threads."""

    def __init__(
        self, terms: Iterable[str], ordinary: Collection[str], spoken: Callable[[str], str] = lambda term: term
    ) -> None:
        """`terms` as they are to be written, the more important first. `ordinary`: words, in small letters, that are
        right as they stand. `spoken` says how a term is pronounced, in French spelling ("DPAE": "dé pé a euh")."""
        self._by_sound: dict[str, _Term] = {}
        self._by_length: dict[int, list[tuple[str, _Term]]] = defaultdict(list)
        self._longest = 1
        self._spelt: set[str] = set()
        spelling: dict[str, str] = {}
        for text in terms:
            self._spelt.add(folded_words(text))
            for sound, term in _pronounced(text, spoken):
                if sound not in self._by_sound:
                    self._by_sound[sound] = term
                    self._by_length[len(sound)].append((sound, term))
                    self._longest = max(self._longest, term.words + _MORE_WORDS)
            spelling |= {word_key(word): _stem(word.lower()) for word in _words(text) if len(word_key(word)) > 2}
        # "volée" is French, but where "volet" is a term it is more likely that than itself.
        self._ordinary = {_stem(word) for word in ordinary if spelling.get(word_key(word), _stem(word)) == _stem(word)}

    def mend(self, text: str) -> str:
        """The text with its terms put right; the same text when there is nothing to mend."""
        plain = text.replace("’", "'")
        heard = [_Word(match[0], match.start(), match.end()) for match in _WORD.finditer(plain)]
        matches = self._find(plain, heard)
        mended, copied = [], 0
        for place, words, term in sorted(matches):
            first, last = heard[place], heard[place + words - 1]
            if not _same(heard[place : place + words], term):
                mended += [text[copied : first.start], _capital_as(first.text, term.text)]
                copied = last.end
        return "".join([*mended, text[copied:]])

    def only_lists(self, text: str) -> bool:
        """Whether a text is nothing but terms, one after the other: the recogniser has read out what it was told to
        expect ("CESU, médecine du travail"), as it does over music."""
        parts = [folded for part in _LISTED.split(text) if (folded := folded_words(part))]
        return len(parts) > 1 and all(part in self._spelt for part in parts)

    def _find(self, text: str, heard: list[_Word]) -> list[_Match]:
        """Terms in a text, none overlapping: first those that stand there already, then those that agree in every
        sound, then others; the longest first."""
        windows = [
            (place, words, _sound(words)) for place in range(len(heard)) for words in self._windows(text, heard, place)
        ]
        windows.sort(key=lambda window: -len(window[1]))
        taken: set[int] = set()
        matches = []
        for look in (self._there, self._exact, self._near):
            for place, words, sound in windows:
                span = range(place, place + len(words))
                term = look(words, sound) if taken.isdisjoint(span) else None
                if term is not None:
                    matches.append(_Match(place, len(words), term))
                    taken.update(span)
        return matches

    def _windows(self, text: str, heard: list[_Word], place: int) -> Iterator[list[_Word]]:
        for end in range(place + 1, min(place + self._longest, len(heard)) + 1):
            if heard[end - 1].text.isdigit() or (end - place > 1 and not _joined(text, heard[end - 2], heard[end - 1])):
                return
            yield heard[place:end]

    def _there(self, words: list[_Word], sound: str) -> _Term | None:
        term = self._by_sound.get(sound)
        return term if term is not None and _same(words, term) else None

    def _exact(self, words: list[_Word], sound: str) -> _Term | None:
        term = self._by_sound.get(sound)
        if term is None or _more_than_needed(words, sound) or not _article_fits(words, term):
            return None
        sure = term.words > 1 and len(sound) >= _LONG
        return term if sure or self._strange_enough(words, term) else None

    def _near(self, words: list[_Word], sound: str) -> _Term | None:
        if len(sound) + 1 < _LONG_ENOUGH_TO_DIFFER or not any(self._strange(word.text) for word in words):
            return None
        if _more_than_needed(words, sound):
            return None
        for length in (len(sound), len(sound) + 1, len(sound) - 1):
            for other, term in self._by_length.get(length, ()) if length >= _LONG_ENOUGH_TO_DIFFER else ():
                if near(sound, other) and self._strange_enough(words, term) and _article_fits(words, term):
                    return term
        return None

    def _strange_enough(self, words: list[_Word], term: _Term) -> bool:
        strange = [self._strange(word.text) for word in words]
        return any(strange) if term.words > 1 else all(strange)

    def _strange(self, word: str) -> bool:
        return len(word) == 1 or _stem(word.lower()) not in self._ordinary


def _pronounced(text: str, spoken: Callable[[str], str]) -> Iterator[tuple[str, _Term]]:
    """Every key under which a term may be heard: as it is spelt and as it is said, and behind an elided article."""
    folded = [_stem(word) for word in folded_words(text).split()]
    count = len(_words(text))
    for form in dict.fromkeys((text, spoken(text))):
        sound = key(_words(form))
        if len(sound) >= _SHORTEST:
            yield sound, _Term(text, folded, count)
        if starts_with_vowel(sound) and len(sound) + 1 >= _LONG_ENOUGH_TO_ELIDE:
            for article in ("l", "d"):
                yield article + sound, _Term(f"{article}'{text}", [article, *folded], count, elided=True)


def _sound(words: list[_Word]) -> str:
    return key([word.text for word in words])


def _more_than_needed(words: list[_Word], sound: str) -> bool:
    """Whether a neighbour is among them whose sound melts into the term: "chèque emploi" and "à"."""
    return len(words) > 1 and sound in (_sound(words[:-1]), _sound(words[1:]))


def _article_fits(words: list[_Word], term: _Term) -> bool:
    """An article is only split off a word that has swallowed it: "les organismes" stays in the plural."""
    return not term.elided or len(words) <= term.words


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("’", "'"))


def _joined(text: str, one: _Word, other: _Word) -> bool:
    """Whether nothing but a space, a hyphen or an apostrophe parts two words; a full stop too, between letters."""
    between = text[one.end : other.start]
    letters = len(one.text) == 1 and len(other.text) == 1
    return bool(_BETWEEN.fullmatch(between)) and ("." not in between or letters)


def _same(words: list[_Word], term: _Term) -> bool:
    """The term itself, be it in the plural or in other letters."""
    return [_stem(word) for word in folded_words(" ".join(word.text for word in words)).split()] == term.folded


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def _capital_as(word: str, term: str) -> str:
    return term[0].upper() + term[1:] if word[:1].isupper() else term
