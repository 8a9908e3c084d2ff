"""What the service counts and measures, in Prometheus' format.

A label has few values, all known in advance (`LABELS`): whatever else arrives is counted as "other", so that neither
a peer nor a mistake of ours can make the number of series grow, and no identifier, number or word can slip into one.

`Metrics` is told what happens (the methods in the past tense); depths of queues and the state of parts are read when
somebody asks for the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from bot.dialogue import Channel, Dialogue, Outcome, Question, Reply
from bot.errors import GuichetError
from bot.health import Condition, Part
from bot.store import HandoverReason, NoteKind

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
OTHER = "other"
SEGMENTS = ("endpoint", "transcription", "dialogue", "synthesis")
_FIRST_SOUND = "synthesis"  # the segment that ends with the first sound of the answer

_WAIT_BUCKETS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
_SEGMENT_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
_CALL_BUCKETS = (5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 3600.0)
_LATE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class EndClass(StrEnum):
    """Why a call ended, in classes."""

    CALLER = "caller"
    GOODBYE = "goodbye"
    SILENCE = "silence"
    TRANSFERRED = "transferred"
    AGENT = "agent"
    LIMIT = "limit"
    BUSY = "busy"
    LINE = "line"
    SPEECH = "speech"
    STOPPED = "stopped"


_END_CLASSES = {
    "caller": EndClass.CALLER,
    "bot": EndClass.GOODBYE,
    "goodbye": EndClass.GOODBYE,
    "silence": EndClass.SILENCE,
    "transferred": EndClass.TRANSFERRED,
    "agent": EndClass.AGENT,
    "too_long": EndClass.LIMIT,
    "held_too_long": EndClass.LIMIT,
    "busy": EndClass.BUSY,
    "speech_unavailable": EndClass.SPEECH,
    "interrupted": EndClass.STOPPED,
    "line_stopped": EndClass.STOPPED,
    "no_sound_received": EndClass.LINE,
    "gateway_lost": EndClass.LINE,
    "line_error": EndClass.LINE,
    "line_lost": EndClass.LINE,
    "line_stuck": EndClass.LINE,
    "protocol_error": EndClass.LINE,
}

# Every label with every value it may take, "other" aside.
LABELS: Mapping[str, frozenset[str]] = {
    "channel": frozenset(Channel),
    "outcome": frozenset({*Outcome, "none"}),
    "reason": frozenset({*EndClass, *HandoverReason, "full", "no_speech", "store", "peer", "stopping"}),
    "kind": frozenset(NoteKind),
    "protocol": frozenset({"sip", "audiosocket", "chan_websocket", "media-stream"}),
    "segment": frozenset(SEGMENTS),
    "part": frozenset({"store", "actions", "dialogue", "speech", "phone", "lines"}),
    "work": frozenset({"transcription", "synthesis"}),
    "result": frozenset({"hit", "miss"}),
    "feedback": frozenset({"helpful", "not_helpful", "wrong", "not_my_question", "unclear", "incomplete"}),
}


def bounded(label: str, value: str) -> str:
    """The value, if it is one of the label's; else "other"."""
    return value if value in LABELS[label] else OTHER


class SpokenTurn(Protocol):
    """What is measured of a turn (`voice.turn.TurnKept` is one)."""

    @property
    def reply(self) -> Reply | None: ...

    @property
    def segments(self) -> Mapping[str, float]: ...


class Queue(Protocol):
    """Work that waits, and work under way."""

    waiting: int
    running: int


class SpeechLoad(Protocol):
    """What is read of the speech engines (`voice.speech.Speech` is one)."""

    @property
    def transcriptions(self) -> Queue: ...

    @property
    def syntheses(self) -> Queue: ...

    @property
    def cache_hits(self) -> int: ...

    @property
    def cache_misses(self) -> int: ...


class Metrics:
    """All figures of one gateway. The observer of calls; `speech` is set once the engines are loaded."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it is untyped
        self.speech: SpeechLoad | None = None
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_SpeechCollector(lambda: self.speech))
        self._calls_on = Gauge("guichet_calls_on", "Calls under way.", registry=registry)
        self._started = Counter("guichet_calls_started", "Calls taken.", ["protocol"], registry=registry)
        self._refused = Counter("guichet_calls_refused", "Calls not taken.", ["reason"], registry=registry)
        self._ended = Counter("guichet_calls_ended", "Calls that have ended.", ["reason"], registry=registry)
        self._call_seconds = Histogram(
            "guichet_call_seconds", "How long a call lasts.", buckets=_CALL_BUCKETS, registry=registry
        )
        self._turns = Counter("guichet_turns", "Turns of conversations.", ["channel", "outcome"], registry=registry)
        self._wait = Histogram(
            "guichet_wait_seconds",
            "From the end of a caller's speech to the first sound of the answer.",
            buckets=_WAIT_BUCKETS,
            registry=registry,
        )
        self._segment = Histogram(
            "guichet_segment_seconds",
            "The parts of that wait.",
            ["segment"],
            buckets=_SEGMENT_BUCKETS,
            registry=registry,
        )
        self._events = Counter("guichet_call_events", "What happens in calls.", ["kind"], registry=registry)
        self._handovers = Counter("guichet_handovers", "Requests for a person.", ["reason"], registry=registry)
        self._feedback = Counter("guichet_feedback", "What visitors say of replies.", ["feedback"], registry=registry)
        self._dialogue = Histogram(
            "guichet_dialogue_seconds",
            "How long the dialogue takes to answer.",
            ["channel"],
            buckets=_SEGMENT_BUCKETS,
            registry=registry,
        )
        self._dialogue_failures = Counter(
            "guichet_dialogue_failures", "Questions the dialogue did not answer.", ["channel"], registry=registry
        )
        self._late = Histogram(
            "guichet_loop_late_seconds", "Lateness of the event loop.", buckets=_LATE_BUCKETS, registry=registry
        )
        self._registered = Gauge(
            "guichet_line_registered", "Whether the account is registered.", ["protocol"], registry=registry
        )
        self._parts = Gauge("guichet_part_up", "Whether a part is well.", ["part"], registry=registry)

    # What calls tell

    def call_started(self, protocol: str) -> None:
        self._started.labels(bounded("protocol", protocol.partition("/")[0])).inc()
        self._calls_on.inc()

    def call_refused(self, reason: str) -> None:
        self._refused.labels(bounded("reason", reason)).inc()

    def call_ended(self, reason: str, seconds: float) -> None:
        """Once for each `call_started`."""
        self._ended.labels(_END_CLASSES.get(reason, OTHER)).inc()
        self._call_seconds.observe(seconds)
        self._calls_on.dec()

    def turn_kept(self, turn: SpokenTurn) -> None:
        outcome = turn.reply.outcome if turn.reply else "none"
        self._turns.labels(Channel.PHONE, bounded("outcome", outcome)).inc()
        for name, milliseconds in turn.segments.items():
            self._segment.labels(bounded("segment", name)).observe(milliseconds / 1000)
        if _FIRST_SOUND in turn.segments:
            self._wait.observe(sum(turn.segments.values()) / 1000)

    def noted(self, kind: str) -> None:
        self._events.labels(bounded("kind", kind)).inc()

    def line_registered(self, protocol: str, is_registered: bool) -> None:
        self._registered.labels(bounded("protocol", protocol)).set(is_registered)

    # What the rest tells

    def person_requested(self, reason: HandoverReason) -> None:
        """Of any channel: `Store.on_request`."""
        self._handovers.labels(reason).inc()

    def feedback_given(self, helpful: bool, reason: str) -> None:
        """`Chats.on_feedback`. A reply that was not helpful is counted by its reason, if one was given."""
        self._feedback.labels("helpful" if helpful else bounded("feedback", reason or "not_helpful")).inc()

    def loop_was_late(self, seconds: float) -> None:
        self._late.observe(seconds)

    def dialogue_answered(self, channel: Channel, outcome: Outcome, seconds: float) -> None:
        """A written turn is counted here, a spoken one by `turn_kept`: it may have needed no dialogue."""
        self._dialogue.labels(channel).observe(seconds)
        if channel is not Channel.PHONE:
            self._turns.labels(channel, outcome).inc()

    def dialogue_failed(self, channel: Channel) -> None:
        self._dialogue_failures.labels(channel).inc()

    def parts_are(self, parts: Mapping[str, Part]) -> None:
        """The state of each part just now; one that is off is left out."""
        up: dict[str, bool] = {}
        for name, part in parts.items():
            if part.condition is not Condition.OFF:
                label = bounded("part", name)
                up[label] = up.get(label, True) and part.condition is Condition.OK
        self._parts.clear()
        for label, is_up in up.items():
            self._parts.labels(label).set(is_up)

    def page(self) -> bytes:
        """All figures, as `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def families(self) -> Iterable[Metric]:
        """All figures, as objects."""
        return self._registry.collect()


class MeasuredDialogue:
    """A dialogue whose answers and failures are counted. `clock` counts seconds and never goes back."""

    def __init__(self, dialogue: Dialogue, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._dialogue = dialogue
        self._metrics = metrics
        self._clock = clock

    async def ask(self, question: Question) -> Reply:
        """As the dialogue does."""
        began_at = self._clock()
        try:
            reply = await self._dialogue.ask(question)
        except GuichetError:
            self._metrics.dialogue_failed(question.channel)
            raise
        self._metrics.dialogue_answered(question.channel, reply.outcome, self._clock() - began_at)
        return reply


class _SpeechCollector(Collector):
    """Reads the speech engines when somebody asks; nothing while they are not loaded."""

    def __init__(self, speech: Callable[[], SpeechLoad | None]) -> None:
        self._speech = speech

    def collect(self) -> Iterator[Metric]:
        speech = self._speech()
        if speech is None:
            return
        waiting = GaugeMetricFamily("guichet_speech_waiting", "Work that waits for an engine.", labels=["work"])
        running = GaugeMetricFamily("guichet_speech_running", "Work under way in an engine.", labels=["work"])
        for work, queue in (("transcription", speech.transcriptions), ("synthesis", speech.syntheses)):
            waiting.add_metric([work], queue.waiting)
            running.add_metric([work], queue.running)
        cache = CounterMetricFamily("guichet_speech_cache", "Sentences looked for in the cache.", labels=["result"])
        cache.add_metric(["hit"], speech.cache_hits)
        cache.add_metric(["miss"], speech.cache_misses)
        yield from (waiting, running, cache)
