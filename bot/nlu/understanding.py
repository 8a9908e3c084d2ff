"""A trained understanding of questions: model, borders and known examples in one directory.

This is all there is to the decision on a text. The Rasa component, the evaluation and the training all use this
class, so what is measured is what is served.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.calibration import calibrate, evidence_of
from bot.nlu.decision import ABSTAIN, Borders, Decision, Gauge, Judgement, decide
from bot.nlu.encoder import Encoder, Vectors, open_encoder_named
from bot.nlu.hybrid import HybridModel, centred
from bot.nlu.text import spoken_form

FILE = "understanding.json"
NEAREST = 3


@dataclass(frozen=True)
class Understood:
    """A question as understood. `ranking` is complete and sorted; `nearest` are known examples."""

    decision: Decision
    ranking: list[tuple[str, float]]
    nearest: list[dict[str, Any]]


class Understanding:
    """Decides on one text at a time."""

    def __init__(
        self,
        *,
        model: HybridModel,
        encoder: Encoder,
        judgement: Judgement,
        examples: Sequence[tuple[str, str]],
        vectors: Vectors,
        report: dict[str, Any],
    ) -> None:
        """`examples` are (text, intent), `vectors` their centred vectors; `report` is what calibration measured."""
        self.model = model
        self.encoder = encoder
        self.judgement = judgement
        self.examples = list(examples)
        self.report = report
        self._labels = [intent for _, intent in self.examples]
        self._vectors = vectors

    @classmethod
    def train(
        cls,
        examples: Sequence[tuple[str, str]],
        vectors: Vectors,
        exchange: frozenset[str],
        encoder: Encoder,
        borders: Mapping[str, float],
    ) -> Understanding:
        """Fits and calibrates. `vectors` are raw sentence vectors; `borders` overrides some by name."""
        labels = [label for _, label in examples]
        fitted = HybridModel.fit([text for text, _ in examples], vectors, labels)
        centres = centred(vectors, fitted.model.mean)
        judgement, report = calibrate(fitted.points, centres, labels, exchange, borders)
        return cls(
            model=fitted.model,
            encoder=encoder,
            judgement=judgement,
            examples=examples,
            vectors=centres,
            report=report,
        )

    def understand(self, text: str, heard_confidence: float | None = None) -> Understood:
        """Ranks the subjects and decides. An empty text is refused."""
        spoken = spoken_form(text)
        if not spoken:
            return Understood(Decision(ABSTAIN), [], [])
        return self.understand_vector(spoken, self.encoder.embed(spoken), heard_confidence)

    def understand_vector(self, spoken: str, vector: Vectors, heard_confidence: float | None = None) -> Understood:
        """The same when the sentence vector is known already."""
        likeness = self._vectors @ self.model.centre(vector)
        evidence = evidence_of(self.model.classes, self.model.predict(spoken, vector), likeness, self._labels)
        nearest = np.argsort(-likeness, kind="stable")[:NEAREST].tolist()
        return Understood(
            decide(evidence, self.judgement, heard_confidence),
            list(evidence.ranking),
            [self._describe(place, float(likeness[place])) for place in nearest],
        )

    def _describe(self, place: int, likeness: float) -> dict[str, Any]:
        text, intent = self.examples[place]
        return {"id": place, "text": text, "intent": intent, "similarity": round(likeness, 3)}

    def save(self, directory: Path) -> None:
        """Writes everything into an existing directory."""
        self.model.save(directory)
        np.savez_compressed(directory / "examples.npz", vectors=self._vectors.astype(np.float16))
        described = {
            "encoder": self.encoder.name,
            "right": asdict(self.judgement.right),
            "offer": asdict(self.judgement.offer),
            "borders": asdict(self.judgement.borders),
            "exchange": sorted(self.judgement.exchange),
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
        judgement = Judgement(
            Gauge(tuple(described["right"]["weights"]), described["right"]["bias"]),
            Gauge(tuple(described["offer"]["weights"]), described["offer"]["bias"]),
            Borders(**described["borders"]),
            frozenset(described["exchange"]),
        )
        return cls(
            model=HybridModel.load(directory),
            encoder=open_encoder_named(described["encoder"]),
            judgement=judgement,
            examples=[(text, intent) for text, intent in described["examples"]],
            vectors=vectors,
            report=described["report"],
        )
