"""One telephone call on a simulated clock: real detector, real ear, real call core, real transcripts; nothing waits.

The line is given as sound; each frame of 32 ms becomes known at its end. A transcription takes the CPU time it took
when it was made (one thread), and begins at the hush before the pause that asks for it (`voice/hearing_ahead.py`); a
reply of the dialogue takes 50 ms, a sentence is on the line 20 ms after `Say`. Transcripts are kept beside the clips,
by the digest of their sound: a rule can then be tried on all clips in half a minute.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from bot.dialogue import Answer, Choice, Outcome, Reading, Reply
from voice import call_messages as m
from voice.audio import Floats, Upsampler8To16
from voice.call import Call, Phase
from voice.ear import FRAME_SAMPLES, FRAME_SECONDS, Ear, Paused, Started, Sustained
from voice.engines import WhisperRecogniser
from voice.hearing_ahead import HUSH_FRAMES, LEAST_SPEECH_SECONDS
from voice.patience import Patience
from voice.prompts import PhonePrompts
from voice.silero import SileroVad
from voice.to_a_person import Possible
from voice.transcript import Transcript, certainty_of
from voice.turn import Expecting, Hearing
from voice.whisper import RATE_HZ, Whisper

DIALOGUE_SECONDS = 0.05
FIRST_SOUND_SECONDS = 0.02
_SPOKEN_SECONDS = 60.0
_LATELY_SECONDS = 0.1
_REPLY = Reply(
    Outcome.ANSWERED, "answer", 0.9, answers=(Answer("answer", "Voici une longue réponse.", "Sujet", "source"),)
)


class KeptWhisper:
    """`voice.whisper.Whisper` that transcribes each sound once; `seconds` is what the last one took when made."""

    def __init__(self, whisper: Whisper, path: Path, prompt: str) -> None:
        self._whisper, self._path, self._prompt = whisper, path, prompt
        self.seconds = 0.0
        self._encoding_seconds = 0.0
        self.last: Transcript | None = None
        self._known: dict[str, dict[str, object]] = {}
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                one = json.loads(line)
                self._known[one.pop("key")] = one

    def transcribe(self, samples: Floats, is_wanted: Callable[[], bool] = lambda: True) -> Transcript:
        key = hashlib.sha256(self._prompt.encode() + samples.tobytes()).hexdigest()
        if key not in self._known:
            wall, cpu = time.perf_counter(), time.process_time()
            transcript = self._whisper.transcribe(samples)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            one = {"transcript": asdict(transcript), "cpu_seconds": round(cpu, 4), "wall_seconds": round(wall, 4)}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, **one}, ensure_ascii=False) + "\n")
            self._known[key] = json.loads(json.dumps(one))
        kept = self._known[key]
        raw = dict(kept["transcript"])  # type: ignore[call-overload]  # of JSON
        raw["certainty"] = certainty_of(raw["text"], raw["avg_logprob"], raw["no_speech_probability"])
        raw["alternatives"] = tuple(Reading(**reading) for reading in raw["alternatives"])
        self.seconds = float(kept["cpu_seconds"]) + self._encoding_seconds  # type: ignore[arg-type]  # of JSON
        self._encoding_seconds = 0.0
        self.last = Transcript(**raw)
        return self.last

    def encoded(self, samples: Floats, window_seconds: float) -> Floats:
        """Made anew each time: it is quick. What is then sure is not transcribed."""
        cpu = time.process_time()
        steps = self._whisper.encoded(samples, window_seconds)
        self._encoding_seconds = self.seconds = time.process_time() - cpu
        self.last = Transcript("", 1.0, "high", 0.0, 0.0, len(samples) / RATE_HZ)
        return steps

    def spent(self) -> list[tuple[float, float]]:
        """CPU and wall seconds of every transcription made so far."""
        return [(float(one["cpu_seconds"]), float(one["wall_seconds"])) for one in self._known.values()]  # type: ignore[arg-type]  # of JSON


@dataclass(frozen=True, slots=True)
class Line:
    """A sound on the line as a call hears it: at 16 kHz, with the detector's probability for each of its frames."""

    probabilities: list[float]
    wide: Floats


@dataclass(slots=True)
class Trace:
    """What happened during a clip; times are seconds of the clip. `held`: the bot stopped to find out what it heard.
    `hushes`: how many transcriptions were begun before the pause, with or without use."""

    asked: list[tuple[float, str]] = field(default_factory=list)
    sounded: list[float] = field(default_factory=list)
    said: list[tuple[float, str]] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)
    stopped: list[float] = field(default_factory=list)
    heard: list[tuple[float, Hearing, Transcript]] = field(default_factory=list)
    started: list[float] = field(default_factory=list)
    hushes: int = 0


class SimulatedCall:
    """A call brought to `Phase.LISTENING`, or to `Phase.SPEAKING` by a question nobody asked, then played a clip.

    `greeting` is what is on the line while the bot greets (its own echo). `choices`: the bot has just offered them.
    `possible`: what can be done for this caller; `key`: what they have just pressed.
    """

    def __init__(
        self,
        prompts: PhonePrompts,
        patience: Patience,
        whisper: KeptWhisper,
        recogniser: WhisperRecogniser,
        *,
        phase: Phase,
        greeting: Line | None = None,
        hush_frames: int = HUSH_FRAMES,
        choices: tuple[Choice, ...] = (),
        possible: Possible | None = None,
        key: str = "",
    ) -> None:
        self.call = Call(prompts, patience, possible)
        self.trace = Trace()
        self._whisper, self._recogniser = whisper, recogniser
        self._ear = Ear(patience.pause_seconds, patience.max_utterance_seconds + 5)
        self._hush_frames = hush_frames
        self._choices = choices
        self._begun: tuple[float, Floats] | None = None
        self._queue: list[tuple[float, int, m.Event]] = []
        self._count = itertools.count()
        self._now = 0.0
        self._begin = 0.0
        self._rehearsing = True
        self._greeting_seconds = len(greeting.wide) / RATE_HZ if greeting else 0.1
        self._prepare(phase, greeting, key)

    def play(self, line: Line) -> Trace:
        """What happens while this is on the line."""
        self._rehearsing = False
        self.trace = Trace()
        self._begin = self._now
        self._ear.forget()
        self._feed(line)
        return self.trace

    def _feed(self, line: Line) -> None:
        begin = self._now
        for number, probability in enumerate(line.probabilities):
            self._run_until(begin + (number + 1) * FRAME_SECONDS)
            frame = line.wide[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
            for event in self._ear.hear(probability, frame):
                self._note(event)
                self._handle(event)
            if 0 < self._ear.gap_frames == self._hush_frames:
                self._hushed()

    def _hushed(self) -> None:
        if self.call.phase is Phase.LISTENING and self._ear.speech_seconds >= LEAST_SPEECH_SECONDS:
            self._begun = (self._now, self._ear.utterance())
            self.trace.hushes += 1

    def _note(self, event: m.Event) -> None:
        if isinstance(event, Started | Sustained):
            self._begun = None
        if isinstance(event, Started):
            self.trace.started.append(self._clip_time())

    def _prepare(self, phase: Phase, greeting: Line | None, key: str) -> None:
        self._handle(m.CallAnswered())
        if greeting is not None:
            self._feed(greeting)
        self._listen()
        if phase is Phase.SPEAKING or self._choices:
            self._handle(Started(0.1))
            self._handle(Paused(0.3))
            while self.call.turn == 0:
                self._run_until(self._now + _LATELY_SECONDS)
            self._run_until(self._now + 0.5)
        if key:
            self._handle(m.KeyPressed(key))
        if phase is Phase.LISTENING:
            self._listen()

    def _listen(self) -> None:
        while self.call.phase is not Phase.LISTENING:
            self._run_until(self._now + 0.5)

    def _run_until(self, until: float) -> None:
        """Everything that happens before `until`, in order."""
        while True:
            arrives = self._queue[0][0] if self._queue else float("inf")
            wakes = self.call.wake_at if self.call.wake_at is not None else float("inf")
            if min(arrives, wakes) > until:
                break
            if arrives <= wakes:
                self._now = max(self._now, arrives)
                self._handle(heapq.heappop(self._queue)[2])
            else:
                self._now = max(self._now, wakes)
                self._handle(m.Tick())
        self._now = until

    def _handle(self, event: m.Event) -> None:
        if isinstance(event, m.SpeakingStarted) and not self._rehearsing:
            self.trace.sounded.append(self._clip_time())
        for command in self.call.handle(event, self._now):
            self._perform(command)

    def _perform(self, command: m.Command) -> None:
        match command:
            case m.Listen():
                self._begun = None
                self._ear.forget()
            case m.Say(serial=serial, texts=texts):
                self._forget(m.SpeakingStarted, m.Said)
                self._later(FIRST_SOUND_SECONDS, m.SpeakingStarted(serial))
                self._later(FIRST_SOUND_SECONDS + self._talking_seconds(), m.Said(serial))
                self.trace.said.append((self._clip_time(), " ".join(texts)))
            case m.PauseTalking():
                self._forget(m.SpeakingStarted, m.Said)
                self._later(0.0, m.TalkPaused(self.call.serial, 1))
                self.trace.held.append(self._clip_time())
            case m.ResumeTalking():
                self._later(_SPOKEN_SECONDS, m.Said(self.call.serial))
                self.trace.resumed.append(self._clip_time())
            case m.StopTalking():
                self._forget(m.SpeakingStarted, m.Said)
                self.trace.stopped.append(self._clip_time())
            case m.Transcribe(attempt=attempt, expecting=expecting):
                self._transcribe(attempt, expecting)
            case m.Ask(turn=turn, text=text, choice=choice):
                self.trace.asked.append((self._clip_time(), text or choice))
                offers = self._rehearsing and self._choices
                reply = Reply(Outcome.CLARIFY, choices=self._choices, text="Laquelle ?") if offers else _REPLY
                self._later(DIALOGUE_SECONDS, m.Replied(turn, reply))

    def _talking_seconds(self) -> float:
        """The rehearsal does not wait for the greeting to be spoken, unless something is heard meanwhile."""
        if self.call.phase is Phase.GREETING:
            return self._greeting_seconds
        is_soon_over = self._rehearsing and (self.call.turn == 0 or self._choices)
        return _LATELY_SECONDS if is_soon_over else _SPOKEN_SECONDS

    def _transcribe(self, attempt: int, expecting: Expecting) -> None:
        if self._rehearsing:
            self._later(0.01, m.Heard(attempt, Hearing("Comment adhérer ?", 0.9, "high", True, 1.0)))
            return
        begun_at, sound = self._begun or (self._now, self._ear.utterance())
        self._begun = None
        hearing = self._recogniser.hear(sound, self._ear.speech_seconds, expecting=expecting)
        assert self._whisper.last is not None
        self.trace.heard.append((self._clip_time(), hearing, self._whisper.last))
        self._later(max(0.0, begun_at + self._whisper.seconds - self._now), m.Heard(attempt, hearing))

    def _later(self, seconds: float, event: m.Event) -> None:
        heapq.heappush(self._queue, (self._now + seconds, next(self._count), event))

    def _forget(self, *kinds: type) -> None:
        self._queue = [one for one in self._queue if not isinstance(one[2], kinds)]
        heapq.heapify(self._queue)

    def _clip_time(self) -> float:
        return self._now - self._begin


def listened(samples: Floats) -> Line:
    """What the detector makes of a sound at 8 kHz."""
    wide = Upsampler8To16()(samples)
    detector = SileroVad()
    # In a call the detector has been on the line for a while.
    for _ in range(20):
        detector.probability(np.zeros(FRAME_SAMPLES, np.float32))
    count = len(wide) // FRAME_SAMPLES
    heard = [detector.probability(wide[i * FRAME_SAMPLES : (i + 1) * FRAME_SAMPLES]) for i in range(count)]
    return Line(heard, wide[: count * FRAME_SAMPLES])
