"""A trained understanding of questions: model, borders and known examples in one directory.

This is all there is to the decision on a text. The Rasa component, the evaluation and the training all use this
class, so what is measured is what is served.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.calibration import calibrate
from bot.nlu.context import (
    NO_CONTEXT,
    Context,
    asked_back,
    both,
    corrected,
    in_context,
    may_correct,
    only_takes_back,
    settled,
)
from bot.nlu.decision import (
    ABSTAIN,
    ANSWER,
    CLARIFY,
    HANDOVER,
    SAFETY,
    Borders,
    Decision,
    Gauge,
    Judgement,
    decide,
    either,
    poorly_heard,
    safety_alarm,
    second_opinion,
)
from bot.nlu.encoder import Encoder, Vectors, open_encoder_named
from bot.nlu.evidence import OUT_OF_SCOPE, Evidence, Neighbours, evidence_of, merged, mixed
from bot.nlu.french import leans, splits, taken_back, without_greeting
from bot.nlu.hybrid import HybridModel, centred
from bot.nlu.sound import FILE as SOUND_FILE
from bot.nlu.sound import SoundModel
from bot.nlu.text import folded_form, spoken_form

FILE = "understanding.json"
NEAREST = 3
MOST_SPLITS = 3
# Below, another reading of the recogniser may turn a decision; above, it only costs time.
SURE_OF_HEARING = 0.9
# Where no new question begins for sure, the second subject has at least this much of the whole's probability.
SECOND_SUBJECT = 0.02
# A part of a message is shorter and so less certain than a message: real alarms reach 0.89, other parts 0.73.
SAFETY_IN_PART = 0.85
# What a message may be taken for because of the words it opens with.
COURTESIES = ("greet", "thanks")


@dataclass(frozen=True)
class Understood:
    """A question as understood. `ranking` is complete and sorted; `nearest` are known examples."""

    decision: Decision
    ranking: list[tuple[str, float]]
    nearest: list[dict[str, Any]]


@dataclass(frozen=True)
class Subjects:
    """What the understanding knows of the subjects beside their examples: kind and title, by intent, and the words
    that name a person to talk to."""

    kinds: Mapping[str, str]
    titles: Mapping[str, str]
    person_cues: Sequence[str] = ()

    @property
    def foreign(self) -> frozenset[str]:
        """The classes that count as `out_of_scope`."""
        return frozenset(name for name, kind in self.kinds.items() if kind == "elsewhere") | {OUT_OF_SCOPE}

    @property
    def exchange(self) -> frozenset[str]:
        """All that is no topic of this service."""
        ours = ("answer", "referral")
        return frozenset(name for name, kind in self.kinds.items() if kind not in ours) | {OUT_OF_SCOPE}


class Understanding:
    """Decides on one text at a time."""

    def __init__(
        self,
        *,
        model: HybridModel,
        encoder: Encoder,
        judgement: Judgement,
        subjects: Subjects,
        examples: Sequence[tuple[str, str]],
        vectors: Vectors,
        report: dict[str, Any],
        sounds: SoundModel | None = None,
    ) -> None:
        """`examples` are (text, intent), `vectors` their centred vectors; `report` is what calibration measured.
        Without `sounds`, what was heard is judged by its letters alone."""
        self.model = model
        self.encoder = encoder
        self.judgement = judgement
        self.subjects = subjects
        self.examples = list(examples)
        self.report = report
        self.sounds = sounds
        self._foreign = subjects.foreign
        self._person_cues = tuple(f" {folded_form(cue)} " for cue in subjects.person_cues)
        self._neighbours = Neighbours([intent for _, intent in self.examples], self._foreign)
        self._vectors = vectors

    @classmethod
    def train(
        cls,
        examples: Sequence[tuple[str, str]],
        vectors: Vectors,
        subjects: Subjects,
        encoder: Encoder,
        borders: Mapping[str, float],
    ) -> Understanding:
        """Fits and calibrates. `vectors` are raw sentence vectors; `borders` overrides some by name."""
        labels = [label for _, label in examples]
        texts = [spoken_form(text) for text, _ in examples]
        fitted = HybridModel.fit(texts, vectors, labels)
        centres = centred(vectors, fitted.model.mean)
        judgement, report = calibrate(
            fitted.points,
            centres,
            labels,
            exchange=subjects.exchange,
            foreign=subjects.foreign,
            overrides=borders,
        )
        return cls(
            model=fitted.model,
            encoder=encoder,
            judgement=judgement,
            subjects=subjects,
            examples=examples,
            vectors=centres,
            report=report,
            sounds=SoundModel.fit(texts, labels),
        )

    def understand(self, text: str, context: Context = NO_CONTEXT) -> Understood:
        """Ranks the subjects and decides. An empty text is refused."""
        spoken = spoken_form(text)
        if not spoken:
            return Understood(Decision(ABSTAIN), [], [])
        evidence, nearest = self._look(spoken)
        decision = self._decide(spoken, evidence, context)
        rest = without_greeting(spoken)
        if rest != spoken and (evidence.ranking[0][0] in COURTESIES or decision.kind != ANSWER):
            behind, examples = self._look(rest)
            found = self._decide(rest, behind, context)
            if self._says_more(found, decision):
                spoken, evidence, nearest, decision = rest, behind, examples, found
        if context.readings and decision.sureness < SURE_OF_HEARING:
            evidence = self._reread(evidence, context)
            decision = self._decide(spoken, evidence, context)
        decision = self._in_conversation(spoken, evidence, decision, context)
        if not decision.reason:
            decision = self._either(decision, context)
        if context.was_heard and not decision.reason:
            decision = self._by_sound(spoken, decision)
        return Understood(decision, list(evidence.ranking), nearest)

    def _decide(self, spoken: str, evidence: Evidence, context: Context) -> Decision:
        words = f" {folded_form(spoken)} "
        named = any(cue in words for cue in self._person_cues)
        return decide(evidence, self.judgement, context.heard_confidence, names_person=named)

    def _says_more(self, found: Decision, than: Decision) -> bool:
        """Whether what follows a greeting is a question, and not just more of the greeting."""
        if found.kind == ANSWER:
            return found.topic == HANDOVER or found.topic not in self.judgement.exchange
        return found.kind == CLARIFY and than.sureness < SURE_OF_HEARING

    def _in_conversation(self, spoken: str, evidence: Evidence, decision: Decision, context: Context) -> Decision:
        if decision.kind == ANSWER and set(decision.subjects) & set(SAFETY):
            return decision
        two = self._two_questions(spoken, evidence, context)
        if two is not None:
            return two
        instead = taken_back(spoken)
        decision = only_takes_back(decision, spoken, instead)
        if not context.previous:
            return decision
        if instead and may_correct(decision, self.judgement.exchange):
            return self._correction(instead, decision, context)
        leaning = leans(spoken)
        if settled(decision, leaning=leaning):
            return decision
        title = self.subjects.titles.get(context.previous[-1], "")
        joined, _ = self._look(spoken_form(f"{title}. {spoken}"))
        exchange = self.judgement.exchange
        found = in_context(decision, evidence, joined, exchange=exchange, previous=context.previous, leaning=leaning)
        return asked_back(found, exchange) if poorly_heard(context.heard_confidence, self.judgement.borders) else found

    def _either(self, decision: Decision, context: Context) -> Decision:
        for text in context.just_as_likely:
            spoken = spoken_form(text)
            decision = either(decision, self._decide(spoken, self._look(spoken)[0], context), self.judgement)
        return decision

    def _by_sound(self, spoken: str, decision: Decision) -> Decision:
        if self.sounds is None:
            return decision
        return second_opinion(decision, merged(self.sounds.predict(spoken), self._foreign), self.judgement)

    def _correction(self, instead: str, whole: Decision, context: Context) -> Decision:
        evidence, _ = self._look(spoken_form(instead))
        named = decide(evidence.without(context.previous), self.judgement, context.heard_confidence)
        return corrected(whole, named, self.judgement.exchange)

    def _two_questions(self, spoken: str, evidence: Evidence, context: Context) -> Decision | None:
        likely = [p for name, p in evidence.ranking if name not in self.judgement.exchange]
        second = len(likely) > 1 and likely[1] >= SECOND_SUBJECT
        second = second or sum(evidence.probability.get(name, 0.0) for name in SAFETY) >= SECOND_SUBJECT
        places = [place for place in islice(splits(spoken), MOST_SPLITS) if second or place[2]]
        if not places:
            return None
        places = [(without_greeting(before), without_greeting(after), apart) for before, after, apart in places]
        parts = list(dict.fromkeys(part for before, after, _ in places for part in (before, after)))
        seen = {
            part: self._look_at(part, vector)[0]
            for part, vector in zip(parts, self.encoder.embed_all(parts), strict=True)
        }
        alarms = (safety_alarm(one.probability, SAFETY_IN_PART) for one in seen.values())
        alarm = next((name for name in alarms if name), "")
        if alarm:
            return Decision(ANSWER, (alarm,), 1.0, 1.0, reason="two_questions")
        decided = {part: self._decide(part, one, context) for part, one in seen.items()}
        best: Decision | None = None
        for before, after, apart in places:
            found = both(decided[before], decided[after], self.judgement, apart=apart)
            if found is not None and (best is None or found.sureness > best.sureness):
                best = found
        return best

    def _reread(self, evidence: Evidence, context: Context) -> Evidence:
        """The evidence of all readings of an utterance, each by the recogniser's confidence in it."""
        others = [
            (self._look(spoken_form(text))[0], confidence) for text, confidence in context.readings if text.strip()
        ]
        trust = context.heard_confidence if context.heard_confidence is not None else 1.0
        return mixed([evidence, *(one for one, _ in others)], [max(trust, 0.05), *(max(c, 0.01) for _, c in others)])

    def _look(self, spoken: str) -> tuple[Evidence, list[dict[str, Any]]]:
        return self._look_at(spoken, self.encoder.embed(spoken))

    def _look_at(self, spoken: str, vector: Vectors) -> tuple[Evidence, list[dict[str, Any]]]:
        likeness = self._vectors @ self.model.centre(vector)
        probabilities = self.model.predict(spoken, vector)
        evidence = evidence_of(self.model.classes, probabilities, self._neighbours.closest(likeness), self._foreign)
        count = min(NEAREST, len(likeness))
        places = np.sort(np.argpartition(-likeness, count - 1)[:count])
        nearest = places[np.argsort(-likeness[places], kind="stable")].tolist()
        return evidence, [self._describe(place, float(likeness[place])) for place in nearest]

    def _describe(self, place: int, likeness: float) -> dict[str, Any]:
        text, intent = self.examples[place]
        return {"id": place, "text": text, "intent": intent, "similarity": round(likeness, 3)}

    def save(self, directory: Path) -> None:
        """Writes everything into an existing directory."""
        self.model.save(directory)
        if self.sounds is not None:
            self.sounds.save(directory)
        np.savez_compressed(directory / "examples.npz", vectors=self._vectors.astype(np.float16))
        described = {
            "encoder": self.encoder.name,
            "right": asdict(self.judgement.right),
            "offer": asdict(self.judgement.offer),
            "borders": asdict(self.judgement.borders),
            "subjects": {
                "kinds": dict(self.subjects.kinds),
                "titles": dict(self.subjects.titles),
                "person_cues": list(self.subjects.person_cues),
            },
            "examples": self.examples,
            "report": self.report,
        }
        (directory / FILE).write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> Understanding:
        """Reads what `save` wrote and opens the encoder it was trained with."""
        described = json.loads((directory / FILE).read_text(encoding="utf-8"))
        with np.load(directory / "examples.npz", allow_pickle=False) as arrays:
            vectors = arrays["vectors"].astype(np.float32)
        subjects = Subjects(**described["subjects"])
        judgement = Judgement(
            Gauge(tuple(described["right"]["weights"]), described["right"]["bias"]),
            Gauge(tuple(described["offer"]["weights"]), described["offer"]["bias"]),
            Borders(**described["borders"]),
            subjects.exchange,
        )
        return cls(
            model=HybridModel.load(directory),
            encoder=open_encoder_named(described["encoder"]),
            judgement=judgement,
            subjects=subjects,
            examples=[(text, intent) for text, intent in described["examples"]],
            vectors=vectors,
            report=described["report"],
            sounds=SoundModel.load(directory) if (directory / SOUND_FILE).is_file() else None,
        )
