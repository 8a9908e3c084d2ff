"""Telephone numbers that the bot has asked for, spoken: are they read back rightly, and how soon?

    .venv/bin/python bench/callers_audio.py            # once: makes the callers
    .venv/bin/python bench/spoken_numbers.py [--out FILE]

A hundred numbers on the lines of `bench/turn_taking.py`, through the real detector, ear, recogniser and call core.
Sixty are drawn by lot and said by its ten synthetic voices: in pairs without a pause, in pairs with pauses of 0.15 to
0.75 s, figure by figure; every fourth after "C'est le". Twenty of these are also said figure by figure by two real
women, joined from recordings of single figures (June Wallack, asterisk-core-sounds-fr-wav; Armelle Desjardins,
asterisk-prompt-fr-armelle, GSM). `right`: the number read back is the one that was said; `wrong`: another one, which
the caller then corrects; `again`: the bot asks for it again, or for a person; `waiting`: nothing within 8 s of the last
figure. What is read back is believed only after a yes. `seconds`: from the last figure to the reading back, of those
that are right.

First by the recogniser's decoder alone (`decoder`), then with the ear for numbers (`ear`, voice/number_ear.py).
`others_taken_for_figures`: of each kind of clip that is no number, how many would be taken for one, of how many.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.callers_audio import LEAD_SECONDS, RATE_HZ, Clip, on_a_line
from bench.simulated_call import SimulatedCall, Trace, listened
from bench.turn_taking import Bench, line_of
from bot.machine import machine
from bot.settings import PROJECT_DIR, load_settings
from voice.audio import Upsampler8To16
from voice.call import Phase
from voice.dictated_figures import dictated
from voice.engines import load_number_ear
from voice.french.figures import in_figures
from voice.number_ear import LONGEST_SECONDS
from voice.to_a_person import Possible
from voice.whisper import RATE_HZ as WIDE_HZ
from voice.whisper import transcription_window

MANNERS = ("pairs", "pairs with pauses", "figure by figure")
WOMEN = ("june", "armelle")
TAIL_SECONDS = 8.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Telephone numbers, asked for and spoken.")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "spoken_numbers.json")
    parser.add_argument("--verbose", action="store_true", help="also what was heard of those that were not right")
    chosen = parser.parse_args()
    bench = Bench(load_settings())
    result: dict[str, Any] = {"machine": machine()}
    for name, recogniser in (("decoder", bench.without_numbers), ("ear", bench.recogniser)):
        bench.recogniser = recogniser
        result[name] = measured(bench, verbose=chosen.verbose)
    result["others_taken_for_figures"], result["ear_cpu_seconds"] = others(bench)
    print(json.dumps(result, indent=1))
    chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def measured(bench: Bench, *, verbose: bool) -> dict[str, Any]:
    """What becomes of all numbers."""
    clips = bench.callers.of_kind("telephone")
    by_manner: dict[str, Counter[str]] = {}
    by_line: dict[str, Counter[str]] = {}
    waits = []
    for clip in clips:
        name, level = line_of(clip)
        line = listened(on_a_line(bench.callers, clip, name, level, tail_seconds=TAIL_SECONDS))
        trace = asked_for_a_number(bench).play(line)
        outcome = judged(clip, trace)
        by_manner.setdefault(manner_of(clip), Counter())[outcome] += 1
        by_line.setdefault(name, Counter())[outcome] += 1
        if outcome == "right":
            waits.append(trace.said[-1][0] - LEAD_SECONDS - clip.ends)
        elif verbose:
            print(clip.name, name, outcome, "|", figures_of(clip.text), "|", [text for _, text in trace.said])
            for at, hearing, _ in trace.heard:
                print(f"    {at:.1f} {hearing.text!r} {hearing.certainty} {hearing.confidence:.2f}")
    return {
        "n": len(clips),
        "right": sum(counts["right"] for counts in by_manner.values()),
        "wrong": sum(counts["wrong"] for counts in by_manner.values()),
        "by_manner": {manner: dict(counts) for manner, counts in by_manner.items()},
        "by_line": {line: dict(counts) for line, counts in sorted(by_line.items())},
        "seconds": {"p50": round(statistics.median(waits), 2), "p95": round(sorted(waits)[int(0.95 * len(waits))], 2)},
    }


def others(bench: Bench) -> tuple[dict[str, list[int]], dict[str, float]]:
    """How many clips of each kind that are no number would be taken for one, and of how many; and what the networks
    and the search cost of CPU, the encoding not included."""
    ear = load_number_ear(load_settings())
    if ear is None:
        raise SystemExit("The chosen recogniser has no ear for numbers.")
    lines = [
        (kind, on_a_line(bench.callers, clip, *line_of(clip)))
        for kind in ("question", "word", "hesitation", "mid_sentence", "recorded", "recorded_word")
        for clip in bench.callers.of_kind(kind)
    ] + [("no words", sound.samples) for sound in bench.sounds]
    taken: dict[str, list[int]] = {}
    costs = []
    for kind, line in lines:
        sound = Upsampler8To16()(line[: round(LONGEST_SECONDS * RATE_HZ)])
        steps = bench.whisper.encoded(sound, transcription_window(len(sound) / WIDE_HZ))
        begun = time.process_time()
        found = dictated(ear.hear(steps))
        costs.append(time.process_time() - begun)
        counts = taken.setdefault(kind, [0, 0])
        counts[0] += found.sure
        counts[1] += 1
    costs.sort()
    cost = {"p50": round(statistics.median(costs), 3), "p95": round(costs[int(0.95 * len(costs))], 3)}
    return taken, cost


def manner_of(clip: Clip) -> str:
    """How a number is said; of the two women, by whom."""
    return clip.voice if clip.voice in WOMEN else MANNERS[int(clip.name.rpartition("_")[2]) % 3]


def asked_for_a_number(bench: Bench) -> SimulatedCall:
    """A caller whose own number is hidden has asked for a person, and is asked where to be called back."""
    return SimulatedCall(
        bench.prompts,
        bench.patience,
        bench.whisper,
        bench.recogniser,
        phase=Phase.LISTENING,
        possible=Possible(can_call_back=True),
        key="0",
    )


def judged(clip: Clip, trace: Trace) -> str:
    """What became of a number: right, wrong, again or waiting."""
    texts = [text for _, text in trace.said]
    read_back = [re.sub(r"\D", "", text) for text in texts if len(re.sub(r"\D", "", text)) >= 9]
    if read_back:
        return "right" if read_back[-1] == figures_of(clip.text) else "wrong"
    return "again" if texts or trace.asked else "waiting"


def figures_of(text: str) -> str:
    """The figures of a number as it is said."""
    return re.sub(r"\D", "", in_figures(text))


if __name__ == "__main__":
    main()
