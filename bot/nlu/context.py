"""What a question means after the one before it, and when one message holds two.

A message is first taken alone: most follow-ups name their subject ("et les congés payés ?") and need nothing else.
Only when it is unclear, or leans on what was said ("c'est quand ?"), the previous subject's title is put before it
and both evidences are weighed: their geometric mean keeps what the words suggest *and* what belongs near the previous
subject. What stands out is answered; what only stands out once the previous subject is left out is offered. If nothing
new is supported, the question stays on the previous subject, and saying so is better than a guess.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.nlu.decision import ABSTAIN, ANSWER, CLARIFY, HANDOVER, SAFETY, STAY, Decision, Judgement, topics
from bot.nlu.evidence import OUT_OF_SCOPE, Evidence


@dataclass(frozen=True)
class Context:
    """What is known beside the text. `previous`: subjects answered last. `readings`: other readings of the same
    utterance with their confidence. `by_telephone`: it was heard, even if nobody says how surely."""

    heard_confidence: float | None = None
    previous: tuple[str, ...] = ()
    readings: tuple[tuple[str, float], ...] = ()
    by_telephone: bool = False

    @property
    def was_heard(self) -> bool:
        """Whether a recogniser wrote the text."""
        return self.by_telephone or self.heard_confidence is not None

    @property
    def just_as_likely(self) -> tuple[str, ...]:
        """The readings that the recogniser is as sure of as of the text itself."""
        sure = self.heard_confidence
        return tuple(text for text, confidence in self.readings if sure is not None and confidence >= sure)


NO_CONTEXT = Context()

# Chosen on 90 written follow-ups and 622 single questions (docs/dialogue.md).
SURE_THOUGH_LEANING = 0.75
NEAR_ENOUGH = 0.38
WORTH_OFFERING = 0.15
STAYS_UNLESS = 0.5
BOTH_SURE = 0.85
BOTH_SURE_WHERE_ONE_ENDS = 0.5
PERSON_IN_PART = 0.85
# What a message that takes back the question before is as a whole, when it is clear.
TAKING_BACK = ("deny", "correction")
PERSON_PREFIX = "person_"
# A refusal is "non" or "non merci"; with more words that name nothing, the answer was not what was asked.
LONGEST_REFUSAL_WORDS = 3


def settled(decision: Decision, *, leaning: bool) -> bool:
    """Whether the text alone is clear enough, given that there is a question before it."""
    if decision.subjects == (HANDOVER,):  # given or offered
        return True
    if decision.kind != ANSWER or set(decision.subjects) & set(SAFETY):
        return decision.kind == ANSWER
    if not leaning or HANDOVER in decision.subjects:
        return True
    return decision.sureness >= SURE_THOUGH_LEANING


def asked_back(found: Decision, exchange: Collection[str]) -> Decision:
    """What is done with a message that was poorly heard: a subject is never answered without asking, and that it stays
    on the one before is no more than a guess."""
    if found.kind == STAY:
        others = found.subjects[1:]
        return replace(found, kind=CLARIFY if others else ABSTAIN, subjects=others)
    return replace(found, kind=CLARIFY) if found.topic and found.topic not in exchange else found


def in_context(
    alone: Decision,
    by_itself: Evidence,
    joined: Evidence,
    *,
    exchange: Collection[str],
    previous: Sequence[str],
    leaning: bool,
) -> Decision:
    """What an unclear message means after `previous`; `joined` is the evidence with its title put before."""
    others = frozenset(exchange) | set(previous)
    near, elsewhere = joined.probability, joined.without(previous).probability
    itself = by_itself.probability
    held = max(near.get(name, 0.0) for name in previous)
    both_ways = {name: math.sqrt(p * near.get(name, 0.0)) for name, p in topics(by_itself.ranking, others)}
    best = max(both_ways, key=lambda name: both_ways[name], default="")  # a small pack may have nothing else
    score = both_ways.get(best, 0.0)
    if score >= NEAR_ENOUGH and score > max(
        math.sqrt(itself.get(name, 0.0) * near.get(name, 0.0)) for name in previous
    ):
        return replace(alone, kind=ANSWER, subjects=(best,), sureness=max(alone.sureness, score), reason="follow_up")
    if not leaning:
        return alone
    if by_itself.ranking[0][0] in previous:
        return replace(alone, kind=STAY, subjects=(previous[-1],), reason="follow_up")
    scores = sorted(
        ((name, math.sqrt(p * elsewhere.get(name, 0.0))) for name, p in topics(by_itself.ranking, others)),
        key=lambda pair: -pair[1],
    )
    offered = tuple(name for name, p in scores[:2] if p >= WORTH_OFFERING)
    if not offered and alone.topic and alone.topic not in others:
        offered = (alone.topic,)
    if offered:
        stays = held >= STAYS_UNLESS
        subjects = (previous[-1], *offered) if stays else offered
        return replace(alone, kind=STAY if stays else CLARIFY, subjects=subjects, reason="follow_up")
    foreign = alone.kind == ANSWER and alone.subjects == (OUT_OF_SCOPE,)
    if foreign and alone.sureness + by_itself.probability[OUT_OF_SCOPE] >= SURE_THOUGH_LEANING:
        return alone
    return replace(alone, kind=STAY, subjects=(previous[-1],), reason="follow_up")


def may_correct(whole: Decision, exchange: Collection[str]) -> bool:
    """Whether a message that begins like a correction can be one: "non merci", "pas encore adhérent" and "non,
    répétez" are clear as a whole."""
    return whole.topic not in set(exchange) - {OUT_OF_SCOPE, *TAKING_BACK}


def corrected(whole: Decision, named: Decision, exchange: Collection[str]) -> Decision:
    """What a correction means: what it names, unless it names nothing and only takes back ("non, c'est tout"). The
    courtesies cannot be meant."""
    topic = named.kind == ANSWER and named.topic not in exchange
    if named.topic.startswith(PERSON_PREFIX):
        return replace(named, reason="correction")
    if whole.topic in TAKING_BACK and not topic:
        return whole
    if named.topic in set(exchange) - {HANDOVER, OUT_OF_SCOPE, *SAFETY}:
        return Decision(ABSTAIN, (), named.sureness, named.chance, reason="correction")
    return replace(named, reason="correction")


def only_takes_back(whole: Decision, text: str, instead: str | None) -> Decision:
    """ "Non mais c'est pas ça du tout" is a correction that names nothing; "non" and "non merci" stay refusals."""
    if instead == "" and whole.topic == "deny" and len(text.split()) > LONGEST_REFUSAL_WORDS:
        return replace(whole, subjects=("correction",), reason="correction")
    return whole


def both(first: Decision, second: Decision, judgement: Judgement, *, apart: bool) -> Decision | None:
    """One decision for two parts of a message, when each of them is a question of its own. `apart`: the first one
    certainly ends where the second begins."""
    for part in (first, second):
        if part.topic == HANDOVER and part.sureness >= PERSON_IN_PART:
            return replace(part, reason="two_questions")
    names = (first.topic, second.topic)
    if not all(names) or names[0] == names[1] or set(names) & judgement.exchange:
        return None
    sureness = min(first.sureness, second.sureness)
    if sureness < (BOTH_SURE_WHERE_ONE_ENDS if apart else BOTH_SURE):
        return None
    return Decision(ANSWER, names, sureness, min(first.chance, second.chance), reason="two_questions")
