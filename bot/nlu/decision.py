"""From evidence to what is done with a question: answer it, ask which of two or three was meant, or refuse.

A probability alone is a poor measure of sureness: it is high for nonsense that shares one rare word with one
example. Two small gauges, fitted by cross-validation at training time (`bot/nlu/calibration.py`), weigh the
probabilities together with the closeness to known examples of each subject. `right` estimates how often the best
subject is the right one, `offer` how often the right one is among those offered; both are probabilities, so the
borders are plain policy. Measured on the development questions with 80 % of ours answered at once: 2.6 % of all are
answered wrongly with a border on the probability alone, 1.3 % with the gauge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from bot.nlu.evidence import OUT_OF_SCOPE, Evidence, Ranking

ANSWER = "answer"
CLARIFY = "clarify"
ABSTAIN = "abstain"
STAY = "stay"

MOST_CHOICES = 3
BY_SOUND = "by_sound"
MISHEARD = "misheard"
HANDOVER = "handover"
# A life may depend on these: their probabilities are added up, and win at moderate confidence.
SAFETY = ("distress", "emergency")


@dataclass(frozen=True)
class Gauge:
    """A logistic regression over a few signs: a probability from 0 to 1."""

    weights: tuple[float, ...]
    bias: float

    def read(self, signs: Sequence[float]) -> float:
        score = self.bias + sum(weight * sign for weight, sign in zip(self.weights, signs, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, score))))


@dataclass(frozen=True)
class Borders:
    """Where one zone ends and the next begins.

    direct: sureness from which the best subject is answered at once (0.5: more likely right than wrong).
    likely: smallest probability of a subject that is answered at once, however sure the gauge.
    offer: chance from which "vouliez-vous dire" is worth asking; below, the question is refused.
    choice: smallest probability of a second or third subject in that question.
    safety: summed probability from which distress and emergency win over everything.
    person: probability from which an otherwise unclear text is taken as a request for a person.
    named: the same for a text that names one ("conseiller", "un humain").
    person_heard: the same for what was heard and names none; between the two, a person is offered. Misheard questions
        reach 0.35, misheard requests are rarely below 0.4 (60 requests and 132 questions in loud noise).
    heard: recogniser's confidence below which a subject is never answered without asking back.
    sounds_other: probability by the sounds of what was heard, below which a subject is not answered without asking
        back. Misheard questions that were answered wrongly are often at 0.01, well-heard ones rarely below 0.1.
    """

    direct: float = 0.5
    likely: float = 0.4
    offer: float = 0.25
    choice: float = 0.05
    safety: float = 0.2
    person: float = 0.1
    named: float = 0.05
    person_heard: float = 0.4
    heard: float = 0.6
    sounds_other: float = 0.1


@dataclass(frozen=True)
class Judgement:
    """The two gauges, the borders, and which intents belong to the exchange itself."""

    right: Gauge
    offer: Gauge
    borders: Borders
    exchange: frozenset[str]


@dataclass(frozen=True)
class Decision:
    """`subjects`: those answered (in the order asked), or offered (best first), or none when refused. `sureness` and
    `chance` are what the two gauges read. `stay`: a question about what was answered before, the first of `subjects`,
    to which nothing can be added; the others may be what was meant. `pointer`, of a foreign question, is the kind of
    service it is for. `reason` says by which way a decision was reached that the text alone did not settle."""

    kind: str
    subjects: tuple[str, ...] = ()
    sureness: float = 0.0
    chance: float = 0.0
    pointer: str = ""
    reason: str = ""

    @property
    def topic(self) -> str:
        """The one subject answered; empty for anything else."""
        return self.subjects[0] if self.kind == ANSWER and len(self.subjects) == 1 else ""


def decide(
    evidence: Evidence, judgement: Judgement, heard_confidence: float | None = None, *, names_person: bool = False
) -> Decision:
    """What to do with a question; `names_person`: one of the cues of a request for a person stands in it."""
    borders = judgement.borders
    probability = evidence.probability
    alarm = safety_alarm(probability, borders.safety)
    if alarm:
        return Decision(ANSWER, (alarm,), 1.0, 1.0)
    best, first = evidence.ranking[0]
    sureness = judgement.right.read(signs_of_right(evidence))
    chance = judgement.offer.read(signs_of_offer(evidence, judgement.exchange))
    if best == OUT_OF_SCOPE:
        # The gauge speaks of answers; a foreign question has none, so only the other gauge can save it.
        sureness = 0.0
    clear = first >= borders.likely and not poorly_heard(heard_confidence, borders)
    if sureness >= borders.direct and (best in judgement.exchange or clear):
        return Decision(ANSWER, (best,), sureness, chance)
    person = probability.get(HANDOVER, 0.0)
    if person >= (borders.named if names_person else borders.person):
        is_clear = heard_confidence is None or names_person or person >= borders.person_heard
        return Decision(ANSWER if is_clear else CLARIFY, (HANDOVER,), sureness, chance)
    if chance >= borders.offer:
        return Decision(CLARIFY, choices(evidence.ranking, judgement), sureness, chance)
    if best == OUT_OF_SCOPE and first >= 0.5:
        return Decision(ANSWER, (OUT_OF_SCOPE,), sureness, chance, pointer=evidence.pointer)
    return Decision(ABSTAIN, (), sureness, chance)


def poorly_heard(heard_confidence: float | None, borders: Borders) -> bool:
    """Whether a subject must be asked back, however sure. `heard_confidence` is None for what was typed."""
    return heard_confidence is not None and heard_confidence < borders.heard


def either(decision: Decision, other: Decision, judgement: Judgement) -> Decision:
    """What is done with words that may have been others, whose decision is `other`: two answers that are not the same
    are both offered."""
    subjects = (decision.topic, other.topic)
    if not all(subjects) or subjects[0] == subjects[1] or set(subjects) & judgement.exchange:
        return decision
    return replace(decision, kind=CLARIFY, subjects=subjects, reason=MISHEARD)


def second_opinion(decision: Decision, by_sound: Mapping[str, float], judgement: Judgement) -> Decision:
    """What is done with what was heard, given the probabilities of its sounds as well: an answer that they speak
    against is asked back, with what they speak for. All else stays as it is: requests for a person, courtesies, offers,
    and refusals, for one foreign question would be offered a subject for each of ours that gains one."""
    topic, border = decision.topic, judgement.borders.sounds_other
    if not topic or topic in judgement.exchange or by_sound.get(topic, 0.0) >= border:
        return decision
    likely = topics(sorted(by_sound.items(), key=itemgetter(1), reverse=True), judgement.exchange)
    others = (name for name, p in likely[: MOST_CHOICES - 1] if p >= border)
    return replace(decision, kind=CLARIFY, subjects=(topic, *others), reason=BY_SOUND)


def safety_alarm(probability: Mapping[str, float], border: float) -> str:
    """The safety intent that must win, or an empty string."""
    present = [(probability.get(name, 0.0), name) for name in SAFETY]
    return max(present)[1] if sum(p for p, _ in present) >= border else ""


def choices(ranking: Ranking, judgement: Judgement) -> tuple[str, ...]:
    """The subjects worth offering: the best one in any case, others only while they are likely enough."""
    subjects = topics(ranking, judgement.exchange)[:MOST_CHOICES]
    return tuple(name for place, (name, p) in enumerate(subjects) if place == 0 or p >= judgement.borders.choice)


def signs_of_right(evidence: Evidence) -> list[float]:
    """Is the best subject the right one? Its lead, how close its examples are, how close those of others."""
    (best, first), second = evidence.ranking[0], evidence.ranking[1][1]
    others = (cosine for name, cosine in evidence.closeness.items() if name != best)
    return [
        _log(first),
        _log(second),
        evidence.closeness[best],
        max(others),
        evidence.closeness.get(OUT_OF_SCOPE, -1.0),
        _log(evidence.probability.get(OUT_OF_SCOPE, 0.0)),
    ]


def signs_of_offer(evidence: Evidence, exchange: frozenset[str]) -> list[float]:
    """Is it about one of our subjects at all, and among the best three?"""
    probability = evidence.probability
    best = topics(evidence.ranking, exchange)[:MOST_CHOICES]
    foreign = probability.get(OUT_OF_SCOPE, 0.0)
    courtesies = sum(p for name, p in evidence.ranking if name in exchange and name != OUT_OF_SCOPE)
    return [
        _log(best[0][1] if best else 0.0),
        _log(sum(p for _, p in best)),
        _largest(cosine for name, cosine in evidence.closeness.items() if name not in exchange),
        _largest(evidence.closeness[name] for name, _ in best),
        evidence.closeness.get(OUT_OF_SCOPE, -1.0),
        _log(foreign),
        _log(courtesies),
    ]


def topics(ranking: Ranking, exchange: frozenset[str]) -> list[tuple[str, float]]:
    """The subjects of the ranking, without the exchange itself."""
    return [(name, p) for name, p in ranking if name not in exchange]


def _log(probability: float) -> float:
    return math.log(max(probability, 1e-6))


def _largest(cosines: Iterable[float]) -> float:
    return max(cosines, default=-1.0)
