"""The Rasa component around `Understanding`: it puts the decision where Rasa's rules can see it, as the intent.

A question that must be asked back gets the intent `clarify`, a refused one `nlu_fallback`, one that stays on the
subject before it `stay`; the real ranking is in `subject_ranking`.
Annotations of the class methods are read by Rasa's graph validator: they must stay.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.context import Context
from bot.nlu.decision import ABSTAIN, ANSWER, CLARIFY, HANDOVER, STAY
from bot.nlu.encoder import open_encoder
from bot.nlu.understanding import Subjects, Understanding, Understood
from bot.nlu.vectors import embed_stored

INTERNAL_INTENTS = {CLARIFY: "clarify", ABSTAIN: "nlu_fallback", STAY: "stay"}
RANKING_LENGTH = 5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class GuichetClassifier(IntentClassifier, GraphComponent):  # type: ignore[misc]  # Rasa has no types
    """Understands a question and decides whether to answer, ask back or refuse."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`borders` overrides borders by name (see `bot.nlu.decision.Borders`)."""
        return {"encoder": "e5", "borders": {}}

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, known: Understanding | None
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._known = known

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GuichetClassifier:
        """An untrained component."""
        return cls(config, model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GuichetClassifier:
        """A trained component, its encoder loaded and warm."""
        with model_storage.read_from(resource) as directory:
            known = Understanding.load(directory)
        known.understand("bonjour")
        return cls(config, model_storage, resource, known)

    def train(self, training_data: TrainingData) -> Resource:
        """Fits and calibrates on all examples that have an intent."""
        messages = [m for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT)]
        examples = [(str(m.get(TEXT)), str(m.get(INTENT))) for m in messages]
        subjects = Subjects(
            {intent: _described(message, "kind") for (_, intent), message in zip(examples, messages, strict=True)},
            {intent: _described(message, "title") for (_, intent), message in zip(examples, messages, strict=True)},
            next((_words(message, "cues") for message in messages if message.get(INTENT) == HANDOVER), ()),
        )
        encoder = open_encoder(self._config["encoder"])
        vectors = embed_stored(encoder, [text for text, _ in examples])
        self._known = Understanding.train(examples, vectors, subjects, encoder, self._config["borders"] or {})
        with self._storage.write_to(self._resource) as directory:
            self._known.save(directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent and decision. Texts with a leading slash are our own channel's choices: Rasa reads those."""
        for message in messages:
            text = message.get(TEXT) or ""
            if self._known is None or text.startswith("/"):
                continue
            context = context_of(message.get(METADATA) or {})
            _publish(message, self._known.understand(text, context), self._known)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Other components learn nothing from this one."""
        return training_data


def _described(message: Message, field: str) -> str:
    intent_metadata = (message.get(METADATA) or {}).get("intent") or {}
    return str(intent_metadata.get(field, ""))


def _words(message: Message, field: str) -> tuple[str, ...]:
    intent_metadata = (message.get(METADATA) or {}).get("intent") or {}
    return tuple(str(word) for word in intent_metadata.get(field) or ())


def context_of(metadata: dict[str, Any]) -> Context:
    """What our channel puts beside a text."""
    return Context(
        heard_confidence=metadata.get("heard_confidence"),
        previous=tuple(metadata.get("previous") or ()),
        readings=tuple((str(text), float(confidence)) for text, confidence in metadata.get("readings") or ()),
        by_telephone=metadata.get("channel") == "phone",
    )


def _publish(message: Message, understood: Understood, known: Understanding) -> None:
    decision = understood.decision
    ranking = [{"name": name, "confidence": round(p, 4)} for name, p in understood.ranking[:RANKING_LENGTH]]
    probability = dict(understood.ranking)
    intent = decision.subjects[0] if decision.kind == ANSWER else INTERNAL_INTENTS[decision.kind]
    confidence = probability.get(intent, understood.ranking[0][1] if understood.ranking else 0.0)
    if decision.reason:  # the probability is that of the text alone, which did not settle it
        confidence = max(confidence, decision.sureness)
    best = {"name": intent, "confidence": round(confidence, 4)}
    message.set("intent", best, add_to_output=True)
    message.set("intent_ranking", [best, *(r for r in ranking if r["name"] != intent)], add_to_output=True)
    message.set("subject_ranking", ranking, add_to_output=True)
    message.set(
        "decision",
        {
            "kind": decision.kind,
            "subjects": list(decision.subjects),
            "sureness": round(decision.sureness, 3),
            "chance": round(decision.chance, 3),
            "pointer": decision.pointer,
            "reason": decision.reason,
            "borders": asdict(known.judgement.borders),
            "nearest": understood.nearest,
        },
        add_to_output=True,
    )
