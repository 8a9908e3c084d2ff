"""The Rasa component around `Understanding`: it puts the decision where Rasa's rules can see it, as the intent.

A question that must be asked back gets the intent `clarify`, a refused one `nlu_fallback`; the real ranking
stays in `subject_ranking`. Annotations of the class methods are read by Rasa's graph validator: they must stay.
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

from bot.nlu.decision import ANSWER, CLARIFY
from bot.nlu.encoder import open_encoder
from bot.nlu.understanding import Understanding, Understood
from bot.nlu.vectors import embed_stored

CLARIFY_INTENT = "clarify"
FALLBACK_INTENT = "nlu_fallback"
RANKING_LENGTH = 5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class GuichetClassifier(IntentClassifier, GraphComponent):  # type: ignore[misc]
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
        exchange = frozenset(str(m.get(INTENT)) for m in messages if _kind(m) == "exchange")
        encoder = open_encoder(self._config["encoder"])
        vectors = embed_stored(encoder, [text for text, _ in examples])
        self._known = Understanding.train(examples, vectors, exchange, encoder, self._config["borders"] or {})
        with self._storage.write_to(self._resource) as directory:
            self._known.save(directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent and decision. Texts with a leading slash are our own channel's choices: Rasa reads those."""
        for message in messages:
            text = message.get(TEXT) or ""
            if self._known is None or text.startswith("/"):
                continue
            metadata = message.get(METADATA) or {}
            _publish(message, self._known.understand(text, metadata.get("heard_confidence")), self._known)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Other components learn nothing from this one."""
        return training_data


def _kind(message: Message) -> str:
    intent_metadata = (message.get(METADATA) or {}).get("intent") or {}
    return str(intent_metadata.get("kind", ""))


def _publish(message: Message, understood: Understood, known: Understanding) -> None:
    decision = understood.decision
    ranking = [{"name": name, "confidence": round(p, 4)} for name, p in understood.ranking[:RANKING_LENGTH]]
    probability = dict(understood.ranking)
    if decision.kind == ANSWER:
        intent = decision.subjects[0]
    else:
        intent = CLARIFY_INTENT if decision.kind == CLARIFY else FALLBACK_INTENT
    best_probability = understood.ranking[0][1] if understood.ranking else 0.0
    best = {"name": intent, "confidence": round(probability.get(intent, best_probability), 4)}
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
            "borders": asdict(known.judgement.borders),
            "nearest": understood.nearest,
        },
        add_to_output=True,
    )
