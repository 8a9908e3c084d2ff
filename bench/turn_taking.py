"""Who speaks when: callers whose words are known to 10 ms, through the real detector, ear, recogniser and call core.

    .venv/bin/python bench/callers_audio.py        # once: makes the callers
    .venv/bin/python bench/turn_taking.py [--smart-turn MODEL.onnx] [--out FILE]

`utterances`: an utterance is cut when a question is asked, or an apology sounds, before its last sound. It is mended
when the question asked after that sound begins with all that was asked before, else it is lost; `talked_over` when the
bot began to sound before the caller had finished. The delay runs from the last sound to the question. `one_word`: right
when the question asked is the word, or sounds like it;
`in_context`: after a choice of three things, or of one, where `others` are the words that were not asked for.
`room`: every second question in a room full of voices, which go on after it: how soon the turn is over.
`no_words`: a question asked after a sound without words is invented. `bot_speaking`: the same sounds, and echoes of the
bot, may not stop it; callers must. Lines by lot: quiet (noise 60 dB below the caller), pink noise and babble 20 dB
below; levels -20, -26 and -32 dBFS; A-law.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from bench.callers_audio import LEAD_SECONDS, LINES, RATE_HZ, Clip, on_a_line, open_callers, through_a_law
from bench.line_sounds import line_sounds
from bench.simulated_call import KeptWhisper, Line, SimulatedCall, Trace, listened
from bot.dialogue import Choice
from bot.hearing import load_lexicon
from bot.machine import machine
from bot.nlu.phonetic import word_key
from bot.settings import PROJECT_DIR, Settings, load_settings
from voice.audio import Floats
from voice.call import Phase
from voice.corrections import Corrections
from voice.ear import FRAME_SECONDS
from voice.engines import WhisperRecogniser, load_number_ear, load_short_words, load_whisper
from voice.hearing_ahead import HUSH_FRAMES
from voice.patience import Patience
from voice.plausibility import why_implausible
from voice.prompts import load_prompts
from voice.spoken_french import speak
from voice.transcript import folded_words
from voice.whisper import SERVED, Whisper

LEVELS_DBFS = (-26.0, -20.0, -32.0)
TALKING = ("question", "recorded", "hesitation", "mid_sentence", "number", "recorded_number")
_MARGIN_SECONDS = 0.05
_DIGITS = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
_ECHO_DB = (-15.0, -20.0, -25.0, -30.0)
_ECHO_SECONDS = (0.02, 0.06, 0.12, 0.2)
_APOLOGY = ("Excusez-moi", "Je suis désolé")
_ROOM_DB = (20.0, 15.0, 12.0)
_GREETING, _SAID = (0, 1), (2, 3, 4, 5)
_SILENCES = ((0.4, 0.45), (0.4, 0.5), (0.45, 0.5), (0.5, 0.55), (0.55, 0.6))
_INTERRUPTING = ("stop", "conseiller", "répétez", "attendez")
_CHOICES = tuple(Choice(word, word) for word in ("un", "deux", "trois"))
_CHOICE_NAMED = {"un": "un", "deux": "deux", "trois": "trois", "la première": "un", "la deuxième": "deux"}
_YES_OR_NO = ("oui", "non", "d'accord", "voilà", "exactement", "jamais", "oui oui", "non merci")


class Bench:
    """All that a clip is played to; `patience` may be changed between runs."""

    def __init__(self, settings: Settings) -> None:
        lexicon = load_lexicon(settings)
        self.callers = open_callers(settings)
        way = zlib.crc32(f"{settings.speech.whisper_model} {SERVED} French vocabulary".encode())
        kept = settings.data_path / "bench" / f"transcripts.{way:08x}.jsonl"
        self.whisper = KeptWhisper(load_whisper(settings, lexicon.prompt, lexicon.terms), kept, lexicon.prompt)
        corrections = Corrections(lexicon.terms, lexicon.ordinary, speak)
        parts = cast(Whisper, self.whisper), corrections, load_short_words(settings)
        self.recogniser = WhisperRecogniser(*parts, load_number_ear(settings))
        self.without_numbers = WhisperRecogniser(*parts)
        self.prompts = load_prompts(settings.load_pack().prompts())
        self.patience = Patience()
        self.hush_frames = HUSH_FRAMES
        self.sounds = line_sounds(settings)
        self._lines: dict[str, Line] = {}

    def line(self, name: str, make: Callable[[], Floats]) -> Line:
        if name not in self._lines:
            self._lines[name] = listened(make())
        return self._lines[name]

    def caller(self, clip: Clip) -> Line:
        line, level = line_of(clip)
        return self.line(f"{clip.name} {line} {level}", lambda: on_a_line(self.callers, clip, line, level))

    def play(
        self,
        line: Line,
        phase: Phase = Phase.LISTENING,
        greeting: Line | None = None,
        choices: tuple[Choice, ...] = (),
    ) -> Trace:
        return SimulatedCall(
            self.prompts,
            self.patience,
            self.whisper,
            self.recogniser,
            phase=phase,
            greeting=greeting,
            hush_frames=self.hush_frames,
            choices=choices,
        ).play(line)


def line_of(clip: Clip) -> tuple[str, float]:
    """The line and level of a clip, as good as drawn by lot; the same at each run."""
    lot = zlib.crc32(clip.name.encode())
    return LINES[lot % len(LINES)], LEVELS_DBFS[lot // len(LINES) % len(LEVELS_DBFS)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Who speaks when.")
    parser.add_argument("--smart-turn", type=Path, help="smart-turn-v3.2-cpu.onnx, to be compared with the rules")
    parser.add_argument("--only", default="", help="utterances, trade, room, one_word, no_words, bot_speaking")
    parser.add_argument("--every", type=int, default=1, help="take every n-th clip")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "turn_taking.json")
    chosen = parser.parse_args()
    settings = load_settings()
    bench = Bench(settings)
    result: dict[str, Any] = {"machine": machine()}
    parts: dict[str, Callable[[Bench, int], Any]] = {
        "utterances": utterances,
        "trade": trade,
        "room": room,
        "one_word": one_word,
        "no_words": no_words,
        "bot_speaking": bot_speaking,
    }
    for name, part in parts.items():
        if not chosen.only or name in chosen.only.split(","):
            result[name] = part(bench, chosen.every)
            print(name, json.dumps(result[name], indent=1, ensure_ascii=False), flush=True)
    spent = np.array(bench.whisper.spent()).reshape(-1, 2)
    result["transcription"] = {
        "n": len(spent),
        "cpu_seconds": percentiles(spent[:, 0]),
        "wall_seconds": percentiles(spent[:, 1]),
    }
    if chosen.smart_turn:
        from bench.end_of_turn_model import compare

        result["smart_turn"] = compare(bench, chosen.smart_turn, chosen.every)
        print(json.dumps(result["smart_turn"], indent=1))
    if not chosen.only and chosen.every == 1:
        chosen.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def talking(bench: Bench, every: int, *kinds: str) -> Iterator[tuple[Clip, Line, str]]:
    """Clips of these kinds, each on its line."""
    for number, clip in enumerate(bench.callers.of_kind(*kinds)):
        if number % every == 0:
            yield clip, bench.caller(clip), line_of(clip)[0]


# -- callers who speak while the bot listens --


def utterances(bench: Bench, every: int) -> dict[str, Any]:
    """For each kind of utterance, and over all lines of the questions."""
    result = {}
    by_line: dict[str, list[dict[str, Any]]] = {}
    for kind in TALKING:
        judged = []
        for clip, line, name in talking(bench, every, kind):
            one = judge(clip, bench.play(line))
            judged.append(one)
            if kind == "question":
                by_line.setdefault(name, []).append(one)
        result[kind] = summed_up(judged)
    result["question_by_line"] = {name: summed_up(judged) for name, judged in by_line.items()}
    return result


def trade(bench: Bench, every: int) -> list[dict[str, Any]]:
    """The same callers with other silences after a sentence that seems finished, and after any other: who is cut, and
    how long the others wait; the served row also without hearing ahead. Hesitating callers apart."""
    served, result = bench.patience, []
    own = (served.turn_over_complete_seconds, served.turn_over_seconds)
    for ahead, (complete, other) in [*((True, one) for one in _SILENCES), (False, own)]:
        bench.patience = replace(served, turn_over_complete_seconds=complete, turn_over_seconds=other)
        bench.hush_frames = HUSH_FRAMES if ahead else 0
        fluent, hesitating = (
            [(trace := bench.play(line), judge(clip, trace)) for clip, line, _ in talking(bench, every, *kinds)]
            for kinds in (("question", "recorded"), ("hesitation", "mid_sentence"))
        )
        result.append(
            {
                "complete_seconds": complete,
                "other_seconds": other,
                "hearing_ahead": ahead,
                "delay_seconds": percentiles([one["delay"] for _, one in fluent if one["delay"] is not None]),
                "cut": sum(one["cut"] for _, one in fluent),
                "of": len(fluent),
                "begun_ahead": sum(trace.hushes for trace, _ in fluent),
                "asked_for": sum(len(trace.heard) for trace, _ in fluent),
                "hesitating_cut": sum(one["cut"] for _, one in hesitating),
                "hesitating": len(hesitating),
            }
        )
    bench.patience, bench.hush_frames = served, HUSH_FRAMES
    return result


def room(bench: Bench, every: int) -> dict[str, Any]:
    """Six others talk for a second before a question and 14 s after it, in each row louder."""
    result = {}
    clips = list(bench.callers.of_kind("question"))[:: 2 * every]
    around = {"lead_seconds": LEAD_SECONDS, "tail_seconds": 14.0}
    for snr_db in _ROOM_DB:
        judged = []
        for clip in clips:
            line = listened(on_a_line(bench.callers, clip, "babble", snr_db=snr_db, **around))
            judged.append(judge(clip, bench.play(line)))
        delays = [one["delay"] for one in judged if one["delay"] is not None]
        result[f"{snr_db:.0f} dB"] = {
            "n": len(judged),
            "cut": sum(one["cut"] for one in judged),
            "over_within_1.5": sum(delay <= 1.5 for delay in delays),
            "never_over": len(judged) - len(delays),
            "delay_seconds": percentiles(delays),
        }
    return result


def judge(clip: Clip, trace: Trace) -> dict[str, Any]:
    """What became of one utterance; `delay` is None when it was cut and lost, or never led to anything."""
    ends = LEAD_SECONDS + clip.ends - _MARGIN_SECONDS
    early = [text for at, text in trace.asked if at < ends]
    over = [at for at in trace.sounded if at < ends]
    late = [(at, text) for at, text in trace.asked if at >= ends]
    cut = bool(early or over)
    mended = bool(early and late) and all(holds(late[-1][1], text) for text in early)
    lost = cut and not mended
    decided = late[-1][0] if late else (trace.said[0][0] if trace.said else None)
    return {
        "name": clip.name,
        "cut": cut,
        "mended": mended,
        "lost": lost,
        "talked_over": bool(over),
        "asked": len(trace.asked),
        "delay": None if decided is None or lost else decided - LEAD_SECONDS - clip.ends,
        "text": trace.asked[-1][1] if trace.asked else "",
        "asked_early": early,
    }


def holds(whole: str, part: str) -> bool:
    """Whether a question begins with the words of another, and goes on."""
    words, first = folded_words(whole).split(), folded_words(part).split()
    return len(words) > len(first) and words[: len(first)] == first


def summed_up(judged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    delays = [one["delay"] for one in judged if one["delay"] is not None]
    return {
        "n": len(judged),
        **{name: sum(one[name] for one in judged) for name in ("cut", "mended", "lost", "talked_over")},
        "not_asked": sum(not one["asked"] for one in judged),
        "delay_seconds": percentiles(delays),
        "which_were_mended": [f"{one['name']} {one['text']}" for one in judged if one["mended"]],
        "which_were_lost": [
            f"{one['name']} {' | '.join(one['asked_early'])} | {one['text']}" for one in judged if one["lost"]
        ],
    }


def percentiles(values: Sequence[float] | np.ndarray[Any, Any]) -> dict[str, float]:
    if len(values) == 0:
        return {}
    return {f"p{share}": round(float(np.percentile(values, share)), 3) for share in (50, 95, 100)}


def one_word(bench: Bench, every: int) -> dict[str, Any]:
    """Short answers: heard, right, and over in time. Those of the real voice apart, and those that were asked for."""
    result: dict[str, Any] = {}
    for kind in ("word", "recorded_word"):
        said = list(talking(bench, every, kind))
        result[kind] = words_summed_up([judged_word(bench, one, _said(one[0])) for one in said])
        for context, choices, asked_for in (
            ("choice", _CHOICES, _CHOICE_NAMED),
            ("yes_or_no", _CHOICES[:1], {word: word for word in _YES_OR_NO}),
        ):
            expected, others = [], []
            for one in said:
                meant = asked_for.get(word := _said(one[0]))
                (expected if meant else others).append(judged_word(bench, one, meant or word, choices))
            if expected:
                in_context = result[kind].setdefault("in_context", {})
                in_context[context] = words_summed_up(expected) | {"others": words_summed_up(others)}
    return result


def _said(clip: Clip) -> str:
    return _DIGITS[int(clip.text)] if clip.text.isdigit() else clip.text


def judged_word(
    bench: Bench, said: tuple[Clip, Line, str], meant: str, choices: tuple[Choice, ...] = ()
) -> dict[str, Any]:
    """What became of a short answer, after these choices."""
    clip, line, name = said
    trace = bench.play(line, choices=choices)
    one = judge(clip, trace)
    return one | {
        "meant": meant,
        "line": name,
        "right": sounds_like(meant, one["text"]),
        "noticed": bool(trace.started),
        "heard": [hearing.text for _, hearing, _ in trace.heard],
    }


def words_summed_up(judged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`asked_something_else`: a question was asked, and it was another word; the rest was asked for again."""
    in_time = [one for one in judged if one["delay"] is not None and one["delay"] <= 0.8]
    return {
        "n": len(judged),
        "noticed": sum(one["noticed"] for one in judged),
        "asked": sum(one["asked"] > 0 for one in judged),
        "right": sum(one["right"] for one in judged),
        "asked_something_else": sum(one["asked"] > 0 and not one["right"] for one in judged),
        "over_within_0.8": len(in_time),
        "right_and_in_time": sum(one["right"] for one in in_time),
        "delay_seconds": percentiles([one["delay"] for one in judged if one["delay"] is not None]),
        "right_by_line": dict(Counter(one["line"] for one in judged if one["right"])),
        "wrong": [f"{one['meant']} ({one['line']}): {' / '.join(one['heard'])}" for one in judged if not one["right"]],
    }


def sounds_like(meant: str, heard: str) -> bool:
    """Whether nobody could hear the difference: same words, a digit for its name, or the same sounds."""

    def words(text: str) -> list[str]:
        each = folded_words(text).split()
        return [folded_words(_DIGITS[int(word)]) if word.isdigit() and int(word) < 10 else word for word in each]

    def sounds(text: str) -> list[str]:
        return [word_key(word) for word in words(text)]

    return words(meant) == words(heard) or sounds(meant) == sounds(heard) != []


# -- what is not speech --


def no_words(bench: Bench, every: int) -> dict[str, Any]:
    """Sounds without words while the bot listens."""
    noticed, transcribed, reasons = Counter[str](), 0, Counter[str]()
    invented, apologised = [], []
    for sound in bench.sounds[::every]:
        trace = bench.play(bench.line(sound.name, partial(_as_is, sound.samples)))
        noticed[sound.kind] += bool(trace.started)
        transcribed += len(trace.heard)
        reasons.update(str(why_implausible(raw, hearing.speech_seconds)) for _, hearing, raw in trace.heard)
        invented += [f"{sound.name}: {text}" for _, text in trace.asked]
        apologised += [f"{sound.name}: {text}" for _, text in trace.said if text.startswith(_APOLOGY)]
    return {
        "n": len(bench.sounds[::every]),
        "noticed": dict(noticed),
        "transcribed": transcribed,
        "why_not_believed": dict(reasons),
        "invented": invented,
        "not_understood": apologised,
    }


# -- while the bot speaks --


def bot_speaking(bench: Bench, every: int) -> dict[str, Any]:
    """What holds the bot (it stops, to go on if that was nothing) and what stops it for good; callers must, soon.

    On a line with echo the greeting comes back too.
    """
    result: dict[str, Any] = {"echoes": {}}
    for decibel in _ECHO_DB:
        greeting = bench.line(f"greeting {decibel}", partial(_echo, bench, _GREETING, decibel))
        lines = [bench.line(f"echo {number} {decibel}", partial(_echo, bench, [number], decibel)) for number in _SAID]
        result["echoes"][f"{decibel:.0f} dB"] = interruptions(
            [bench.play(line, Phase.SPEAKING, greeting=greeting) for line in lines]
        )
    sounds = [bench.line(sound.name, partial(_as_is, sound.samples)) for sound in bench.sounds[::every]]
    traces = [bench.play(line, Phase.SPEAKING) for line in sounds]
    result["sounds"] = interruptions(traces)
    result["stopped_by"] = [
        sound.name for sound, trace in zip(bench.sounds[::every], traces, strict=True) if trace.stopped
    ]
    by_line: dict[str, list[tuple[Clip, Trace]]] = {name: [] for name in LINES}
    for clip, line, name in talking(bench, every, "question", "recorded", "word"):
        if clip.kind != "word" or clip.text in _INTERRUPTING:
            by_line[name].append((clip, bench.play(line, Phase.SPEAKING)))
    result["callers"] = {name: interrupted_by_callers(each) for name, each in by_line.items()}
    return result


def _as_is(samples: Floats) -> Floats:
    return samples


def interruptions(traces: Sequence[Trace]) -> dict[str, int]:
    """How many of these made the bot hold, and how many stopped it."""
    return {
        "n": len(traces),
        "held": sum(bool(trace.held) for trace in traces),
        "stopped": sum(bool(trace.stopped) for trace in traces),
    }


def interrupted_by_callers(each: Sequence[tuple[Clip, Trace]]) -> dict[str, Any]:
    """Seconds from the caller's first sound to the bot's silence; `before`: the line's noise had held it already."""
    silent, stopped, before = [], 0, 0
    unheard = []
    for clip, trace in each:
        starts = LEAD_SECONDS + clip.starts
        held = sorted([*trace.held, *trace.stopped])
        stopped += bool(trace.stopped)
        before += bool(held) and held[0] < starts - FRAME_SECONDS
        after = [at - starts for at in held if at >= starts - FRAME_SECONDS]
        if after:
            silent.append(after[0])
        elif not held:
            unheard.append(f"{clip.name} {clip.text}")
    return {
        "n": len(each),
        "silent_after_seconds": percentiles(silent),
        "within_0.2": sum(seconds <= 0.2 for seconds in silent),
        "stopped_for_good": stopped,
        "held_before": before,
        "unheard": unheard,
    }


def _echo(bench: Bench, numbers: Sequence[int], decibel: float) -> Floats:
    """Sentences of the bot as they come back: weaker, later, through a small room."""
    clips = bench.callers.of_kind("bot")
    sound = np.concatenate([bench.callers.sound(clips[number]) for number in numbers])
    rng = np.random.default_rng(numbers[0])
    count = round(0.06 * RATE_HZ)
    room = rng.standard_normal(count) * np.exp(-np.arange(count) / (0.015 * RATE_HZ))
    room[0] += 2.0
    echo = np.convolve(sound, room)[: len(sound)]
    echo *= np.sqrt(np.mean(sound**2) / np.mean(echo**2)) * 10 ** (decibel / 20)
    delay = np.zeros(round(_ECHO_SECONDS[numbers[0] % len(_ECHO_SECONDS)] * RATE_HZ))
    whole = np.concatenate([delay, echo])
    return through_a_law(whole + rng.normal(0, 3e-4, len(whole)))


if __name__ == "__main__":
    main()
