"""Smart Turn v3 beside the rules on the transcript: at every pause, has the caller finished?

A way of waiting gives each pause a time; it cuts a caller whose pause is longer, and makes a caller who has finished
wait that long, or until the transcript is there. Ways are compared by both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from bench.callers_audio import LEAD_SECONDS
from bench.simulated_call import Line
from voice.ear import FRAME_SAMPLES, FRAME_SECONDS, Ear, Paused, Resumed
from voice.endpointing import silence_that_ends
from voice.patience import Patience
from voice.turn import Hearing

if TYPE_CHECKING:
    from bench.turn_taking import Bench

PAUSE_SECONDS = Patience().pause_seconds
RATE_HZ = 16000
_SAMPLES = 8 * RATE_HZ
_MEL_FRAMES = 800
_LEAST_VARIANCE = 1e-7
WAITS = (0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
MODEL_WAYS = [(above, short, long) for above in (0.5, 0.8, 0.95) for short in (0.45, 0.6) for long in (0.8, 1.0, 1.3)]
BOTH_WAYS = [(below, least) for below in (0.1, 0.3, 0.5, 0.7) for least in (0.8, 1.0, 1.3)]
_ENDED_WITHIN_SECONDS = 0.15


class SmartTurn:
    """The network of the wheel pipecat-ai 1.14.0 (BSD-2, 8.7 MB): a small Whisper encoder with one output.

    It takes Whisper's features from a sound of exactly 8 s, silence in front, with zero mean and a variance of 1; those
    of faster-whisper equal its own up to 2e-6.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._features = FeatureExtractor(feature_size=80)

    def finished(self, samples: NDArray[np.float32]) -> float:
        """How likely the speech (float32, 16 kHz, up to its last pause) is a finished turn, from 0 to 1."""
        last = samples[-_SAMPLES:]
        window = np.zeros(_SAMPLES, np.float32)
        window[_SAMPLES - len(last) :] = last
        window = (window - window.mean()) / np.sqrt(window.var() + _LEAST_VARIANCE)
        mel = self._features(window, padding=0)[:, :_MEL_FRAMES]
        features = np.ascontiguousarray(mel[None], np.float32)
        return float(np.ravel(self._session.run(None, {"input_features": features})[0])[0])


@dataclass(frozen=True, slots=True)
class Place:
    """A pause: whether it was the end, how long it lasted (infinite then), what was known by then."""

    clip: str
    kind: str
    finished: bool
    lasts_seconds: float
    score: float
    hearing: Hearing
    transcribing_seconds: float
    late_seconds: float  # from the caller's last sound to where the ear says the speech stopped


def places(bench: Bench, model: SmartTurn, every: int) -> tuple[list[Place], list[float]]:
    """All pauses of the callers, and the CPU seconds of each opinion."""
    from bench.turn_taking import TALKING, talking

    found, spent = [], []
    for kind in (*TALKING, "word"):
        for clip, line, _ in talking(bench, every, kind):
            ends = LEAD_SECONDS + clip.ends
            for stopped_at, lasts, samples, speech_seconds in pauses(line):
                started = time.process_time()
                score = model.finished(samples)
                spent.append(time.process_time() - started)
                hearing = bench.recogniser.hear(samples, speech_seconds)
                finished = stopped_at > ends - _ENDED_WITHIN_SECONDS or lasts == float("inf")
                late = stopped_at - ends
                found.append(Place(clip.name, kind, finished, lasts, score, hearing, bench.whisper.seconds, late))
                if finished:
                    break
    return found, spent


def pauses(line: Line) -> list[tuple[float, float, NDArray[np.float32], float]]:
    """When each pause began, how long it lasted, and what had been said."""
    ear = Ear(PAUSE_SECONDS)
    found: list[tuple[float, float, NDArray[np.float32], float]] = []
    for number, probability in enumerate(line.probabilities):
        now = (number + 1) * FRAME_SECONDS
        for event in ear.hear(probability, line.wide[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]):
            match event:
                case Paused(silence_seconds=silence) if ear.speech_seconds > 0:
                    found.append((now - silence, float("inf"), ear.utterance(), ear.speech_seconds))
                case Resumed():
                    stopped_at, _, samples, speech_seconds = found[-1]
                    found[-1] = (stopped_at, now - stopped_at, samples, speech_seconds)
    return found


Wait = Callable[[Place], float]


def outcome(found: Sequence[Place], wait: Wait) -> dict[str, Any]:
    """Utterances cut, and how long the others waited after their last sound."""
    cut = {place.clip for place in found if not place.finished and place.lasts_seconds > wait(place)}
    delays = [
        place.late_seconds + max(wait(place), PAUSE_SECONDS + place.transcribing_seconds)
        for place in found
        if place.finished and place.clip not in cut
    ]
    by_kind = {kind: sum(name.startswith(kind) for name in cut) for kind in sorted({place.kind for place in found})}
    return {
        "cut": len(cut),
        "of": len({place.clip for place in found}),
        "p50": round(float(np.percentile(delays, 50)), 3),
        "p95": round(float(np.percentile(delays, 95)), 3),
        "cut_by_kind": by_kind,
    }


def area_under_curve(found: Sequence[Place], score: Callable[[Place], float]) -> float:
    """The chance that a finished pause gets a higher score than an unfinished one; ties count half."""
    ends = np.array([score(place) for place in found if place.finished])
    goes_on = np.array([score(place) for place in found if not place.finished])
    if not len(ends) or not len(goes_on):
        return float("nan")
    above = (ends[:, None] > goes_on[None]).mean() + 0.5 * (ends[:, None] == goes_on[None]).mean()
    return round(float(above), 3)


def by_rule(place: Place) -> float:
    """The silence that the rules on the transcript wait for."""
    return silence_that_ends(place.hearing, Patience())


def compare(bench: Bench, path: Path, every: int) -> dict[str, Any]:
    """Discrimination, and the delay of each way of waiting that cuts no more callers than the rules do."""
    found, spent = places(bench, SmartTurn(path), every)
    sentences = [place for place in found if place.kind not in ("number", "recorded_number")]
    rules = outcome(sentences, by_rule)
    return {
        "pauses": {"finished": sum(p.finished for p in found), "going_on": sum(not p.finished for p in found)},
        "cpu_seconds": {"p50": round(float(np.median(spent)), 3), "p95": round(float(np.percentile(spent, 95)), 3)},
        "auc": {
            name: {
                "smart_turn": area_under_curve(some, lambda place: place.score),
                "rules": area_under_curve(some, lambda place: -by_rule(place)),
            }
            for name, some in (("sentences", sentences), ("all", found))
        },
        "rules": rules,
        "fixed": [outcome(sentences, lambda place, wait=wait: wait) for wait in WAITS],  # type: ignore[misc]  # a lambda's default
        "smart_turn": [{"way": list(way)} | outcome(sentences, by_model(*way)) for way in MODEL_WAYS],
        "rules_and_smart_turn": [{"way": list(way)} | outcome(sentences, by_both(*way)) for way in BOTH_WAYS],
    }


def by_model(above: float, short_seconds: float, long_seconds: float) -> Wait:
    """Short when the model thinks that the caller has finished, else long."""
    return lambda place: short_seconds if place.score > above else long_seconds


def by_both(below: float, least_seconds: float) -> Wait:
    """The rules, and at least so long when the model thinks that more will come."""
    return lambda place: max(by_rule(place), least_seconds) if place.score < below else by_rule(place)
