"""The words of the domain, found in the knowledge itself: what a recogniser should expect, and what it may mend.

A term is worth telling a recogniser when two kinds of people use it, those who wrote the answers and those who ask:
the boilerplate of answers ("information vérifiée") is never asked, the rambling of questions never answered. Its
weight is the number of subjects on both sides, more for a title; an expression counts as far as its words keep
together ("volet" comes with "social" only), and names and initials count three times. Ordinary nouns belong in the
prompt too, where they set the tone (32.5 % of the words are wrong without them, 31.8 % with them); there is nothing to
mend in them. An editor adds what is missing as `keywords` of a subject.

Pure: subjects in, a lexicon out.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.errors import BadKnowledge
from bot.knowledge import TOPICS, Subject

MOST_TERMS = 160
LONGEST_TERM_WORDS = 5
PROMPT_TOKENS = 80
"""A prompt is read again for every utterance: 100 tokens cost 0.2 s."""
_LETTERS_A_TOKEN = 2.7
"""Of Whisper's tokens, in French full of initials."""

_TITLE, _NAME, _NOUN = 3.0, 3.0, 0.9
_LEAST_WEIGHT = 1.0
_PART = 0.85
_ARTICLES = {
    "le": "le ", "du": "le ", "au": "le ", "la": "la ", "l'": "l'", "les": "les ", "des": "les ", "aux": "les ",
}  # fmt: skip
# French function words: no term begins or ends with one.
_FUNCTION = frozenset(
    "le la les l' un une des du de d' au aux à a en et ou où sur sous dans par pour avec sans ne n' pas plus se s' ce "
    "c' cet cette ces il elle ils elles on vous nous je j' tu me m' te t' y que qu' qui quoi dont si est sont être "
    "avoir ai as avez ont été sera votre vos notre nos son sa ses leur leurs mon ma mes lui même aussi tout tous toute "
    "toutes très bien peut peuvent pouvez faut doit doivent devez faire fait faites comment quand quel quelle quels "
    "quelles chez entre puis donc mais alors car ni ça cela celui celle ceux comme après avant pendant depuis jusqu' "
    "autre autres chaque dès lors non oui moins plusieurs".split()
)
_INSIDE = frozenset("de d' du des à la l' le les sur au aux en".split())


class Mistaken(NamedTuple):
    """A word that the recogniser also writes when another was said; not shortly after one of `sure_after`."""

    written: str
    said: str
    sure_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the knowledge tells a recogniser.

    `prompt` is a sentence to expect words from. `terms` are expressions as they are written, heaviest first.
    `ordinary` are words (small letters) that are right as they stand and are never replaced on their own. `mistaken`
    are words that may have been another one.
    """

    prompt: str = ""
    terms: tuple[str, ...] = ()
    ordinary: frozenset[str] = frozenset()
    mistaken: tuple[Mistaken, ...] = ()


class _Word(NamedTuple):
    text: str
    first: bool  # of a sentence: its capital says nothing

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper() and not self.first


@dataclass(slots=True)
class _Found:
    """Where an expression stands, by intent, how it is written and which article goes before it."""

    length: int
    titled: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    forms: Counter[str] = field(default_factory=Counter)
    articles: Counter[str] = field(default_factory=Counter)
    seen: int = 0
    capitals: int = 0
    firsts: int = 0

    @property
    def both(self) -> set[str]:
        """Where it is written or asked."""
        return self.written | self.asked


def lexicon_of(subjects: Iterable[Subject], hearing: Any = None) -> Lexicon:
    """The lexicon of a knowledge. `hearing`, of the fixed sentences, may hold `sentence`, in which `{terms}` is
    replaced by the terms, `prompt`, which is then taken as it is instead, and `mistaken`. Raises `BadKnowledge` for
    entries of the latter that cannot be read."""
    known = list(subjects)
    everything = _counted(known)
    found = _without_parts(everything)
    weights = {key: _weight(key, one, everything) for key, one in found.items()}
    ranked = sorted((key for key in found if weights[key] >= _LEAST_WEIGHT), key=lambda key: (-weights[key], key))
    keywords = list(dict.fromkeys(word for subject in known for word in subject.keywords))
    expressions = [found[key] for key in ranked]
    mendable = [_form(one) for one in expressions if one.length > 1 or _is_name(one)]
    terms = list(dict.fromkeys([*keywords, *mendable]))[:MOST_TERMS]
    hearing = hearing if isinstance(hearing, Mapping) else {}
    prompt = str(hearing.get("prompt") or "").strip()
    if not prompt:
        candidates = [*(_with_article(word, found) for word in keywords), *map(_articled, expressions)]
        prompt = _prompt(str(hearing.get("sentence") or "{terms}."), candidates)
    return Lexicon(prompt, tuple(terms), _ordinary(known), _mistaken(hearing.get("mistaken")))


def _mistaken(listed: Any) -> tuple[Mistaken, ...]:
    found = []
    for entry in listed if isinstance(listed, list) else filter(None, [listed]):
        words = entry if isinstance(entry, Mapping) else {}
        written, said, sure_after = words.get("written"), words.get("said"), words.get("sure_after") or []
        are_words = isinstance(sure_after, list) and all(isinstance(word, str) for word in [written, said, *sure_after])
        if not (are_words and written and said and set(words) <= {"written", "said", "sure_after"}):
            raise BadKnowledge(
                "hearing.mistaken of prompts.yml: each entry needs `written` and `said`, one word each, and may have "
                "`sure_after`, a list of words."
            )
        found.append(Mistaken(str(written), str(said), tuple(sure_after)))
    return tuple(found)


def _prompt(sentence: str, candidates: Iterable[str]) -> str:
    """The sentence with as many terms as fit, heaviest first, none of which is part of another."""
    budget = PROMPT_TOKENS * _LETTERS_A_TOKEN - len(sentence)
    chosen: list[str] = []
    for term in candidates:
        fits = len(term) + 2 <= budget
        if fits and not any(_holds(other, term) or _holds(term, other) for other in chosen):
            chosen.append(term)
            budget -= len(term) + 2
    return sentence.replace("{terms}", ", ".join(chosen)) if chosen else ""


def _holds(long: str, short: str) -> bool:
    return f" {_bare(short)} " in f" {_bare(long)} "


def _bare(term: str) -> str:
    words = re.findall(r"\w+'?", term.lower())
    return " ".join(_stem(word) for word in words[1 if words[0] in _ARTICLES else 0 :])


def _counted(subjects: Iterable[Subject]) -> dict[str, _Found]:
    found: dict[str, _Found] = {}
    for subject in subjects:
        if subject.kind not in TOPICS:
            continue
        for text in (subject.title, subject.web, subject.phone):
            for key, words, article, is_whole in _expressions(text):
                one = found.setdefault(key, _Found(len(words)))
                one.written.add(subject.intent)
                if text is subject.title:
                    one.titled.add(subject.intent)
                one.forms["".join(_spaced(word.text) for word in words).strip()] += 1
                one.articles[article] += bool(article)
                one.seen += 1
                one.capitals += is_whole and any(word.capital for word in words)
                one.firsts += words[0].first
    for subject in subjects:
        for text in subject.examples if subject.kind in TOPICS else ():
            for key, *_ in _expressions(text):
                if key in found:
                    found[key].asked.add(subject.intent)
    return found


def _without_parts(found: dict[str, _Found]) -> dict[str, _Found]:
    """Leaves out what (nearly) always stands in one longer expression: "emploi associatif", "volet"."""
    parts = set()
    for key, whole in found.items():
        words = key.split()
        for start, end in _spans(words) if whole.length > 1 else ():
            part = found.get(" ".join(words[start:end]))
            if part is None or part is whole or (_is_name(part) and not _form(whole)[0].isupper()):
                continue
            if len(whole.asked) >= _PART * max(1, len(part.asked)) and len(whole.written) >= _PART * len(part.written):
                parts.add(" ".join(words[start:end]))
    return {key: one for key, one in found.items() if key not in parts}


def _expressions(text: str) -> Iterator[tuple[str, list[_Word], str, bool]]:
    """Every run of words that could be a term: its key, its words, the article before it, and whether it is no part
    of a longer name ("Maladie" of "Assurance Maladie")."""
    for run in _runs(text):
        lower = [word.text.lower() for word in run]
        stems = [_stem(word) for word in lower]
        for start, end in _spans(lower):
            article = _article(lower[start - 1], lower[start]) if start else ""
            whole = not any(word.capital for word in [*run[max(0, start - 1) : start], *run[end : end + 1]])
            yield " ".join(stems[start:end]), run[start:end], article, whole


def _article(before: str, word: str) -> str:
    """The definite article of a word, judging by what stands before it."""
    if before in ("un", "une"):
        return "l'" if word[0] in "aeiouyéèêh" else _ARTICLES["le" if before == "un" else "la"]
    return _ARTICLES.get(before, "")


def _spans(lower: list[str]) -> Iterator[tuple[int, int]]:
    for start, word in enumerate(lower):
        if word in _FUNCTION or word.isdigit() or len(word) < 2:
            continue
        yield start, start + 1
        for end in range(start + 2, min(start + LONGEST_TERM_WORDS, len(lower)) + 1):
            last = lower[end - 1]
            if last.isdigit() or (last in _FUNCTION and last not in _INSIDE):
                break
            if last not in _FUNCTION:
                yield start, end


def _runs(text: str) -> Iterator[list[_Word]]:
    """Words between two marks of punctuation, which no term crosses."""
    plain = re.sub(r"\]\([^)]*\)|https?://\S+|www\.\S+", " | ", text).replace("’", "'")
    for sentence in re.split(r"[.!?:\n|«\"*\[]", plain):
        first = True
        for part in re.split(r"[,;()»\]/–—]", sentence):
            words = []
            for word in re.findall(r"\w+(?:-\w+)*'?", part):
                words.append(_Word(word, first))
                first = False
            if words:
                yield words


def _weight(key: str, one: _Found, found: Mapping[str, _Found]) -> float:
    weight = _TITLE * len(one.titled) + math.sqrt(len(one.written) * len(one.asked))
    if one.length > 1:
        rarest = min(len(found[word].both) for word in key.split() if word in found)
        words = sum(word not in _FUNCTION for word in key.split())
        return weight * words * min(1.0, len(one.both) / rarest)
    if _is_name(one):
        return weight * _NAME
    return weight * _NOUN if one.titled and 2 * sum(one.articles.values()) > one.seen else 0.0


def _is_name(one: _Found) -> bool:
    """Written with a capital, more often than not, where no sentence begins."""
    return one.capitals > 0 and 2 * one.capitals >= one.seen - one.firsts


def _form(one: _Found) -> str:
    """The commonest spelling; of a name, the commonest with a capital."""
    forms = one.forms
    if _is_name(one):
        forms = Counter({form: count for form, count in forms.items() if form != form.lower()})
    commonest = forms.most_common(1)[0][0]
    # A capital at the beginning of a title is not the term's.
    return commonest if one.capitals else commonest[0].lower() + commonest[1:]


def _articled(one: _Found) -> str:
    article = one.articles.most_common(1)[0][0] if one.articles else ""
    return article + _form(one)


def _with_article(term: str, found: Mapping[str, _Found]) -> str:
    one = found.get(_bare(term))
    article = one.articles.most_common(1)[0][0] if one and one.articles else ""
    return article + term


def _ordinary(subjects: Iterable[Subject]) -> frozenset[str]:
    """Words of the checked texts, and those of the examples that three subjects share: fewer may be slips."""
    written: set[str] = set()
    asked: dict[str, set[str]] = defaultdict(set)
    for subject in subjects:
        for text in (subject.title, subject.web, subject.phone):
            written |= {word.text.lower() for run in _runs(text) for word in run}
        for text in subject.examples:
            for run in _runs(text):
                for word in run:
                    asked[word.text.lower()].add(subject.intent)
    return frozenset(written | {word for word, intents in asked.items() if len(intents) > 2})


def _stem(word: str) -> str:
    """Without the mark of the plural; short words have theirs for good ("cours", "mois")."""
    return word[:-1] if len(word) > 5 and word[-1] in "sx" else word


def _spaced(word: str) -> str:
    return word if word.endswith("'") else f"{word} "
