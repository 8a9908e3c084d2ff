"""Callers for the benches: speech whose beginning, pauses and end are known to 10 ms, on telephone lines.

Speech is kept clean; a line is put around it when it is read (`on_a_line`), so that one voice can be heard in silence
and in noise. Two kinds of voices: synthetic ones (the bundled voice with its own style and with mixtures of it with
foreign ones, men and women, at six paces) and a real one, June Wallack's recordings of Debian's
asterisk-core-sounds-fr-wav (CC BY-SA 3.0).

    .venv/bin/python bench/callers_audio.py [--seconds 240]

makes what is missing under <data>/bench/callers (20 minutes in all, 60 MB), stopping after `--seconds`. The styles come
from the npm package kokoro-js 1.2.1, the recordings from Debian; nothing of it is in the repository.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from bench.callers_texts import BOT_SENTENCES, HESITATIONS, MID_SENTENCE, NUMBERS, OWN_DIGITS, WORDS, telephones
from bench.hearing import spoken
from bot.evaluation import read_labelled
from bot.settings import PROJECT_DIR, Settings, load_settings
from voice.audio import A_LAW, Floats, float_to_pcm, pcm_to_float, read_wav, write_wav
from voice.french.figures import in_figures
from voice.install.catalogue import KOKORO_JS
from voice.install.fetch import fetch_npm_archive
from voice.piper_voice import PiperVoice
from voice.spoken_french import speak

RATE_HZ = 8000
LEAD_SECONDS, TAIL_SECONDS = 1.0, 3.5
LINES = ("quiet", "pink", "babble")
_STEP = 80  # 10 ms
_EDGE_DB = -35.0
_JUNE, _ARMELLE = "usr/share/asterisk/sounds/fr_CA_f_June", "usr/share/asterisk/sounds/fr/digits"
_PACES = (1.0, 0.85, 1.1, 0.92, 1.2, 1.05)
_QUESTIONS, _WORD_TAKES, _RECORDED = 132, 5, 60

# Each voice is a mixture of styles; the French one keeps the accent, the others give the timbre.
VOICES: dict[str, dict[str, float]] = {
    "siwis": {"ff_siwis": 1.0},
    "michael": {"ff_siwis": 0.5, "am_michael": 0.5},
    "heart": {"ff_siwis": 0.6, "af_heart": 0.4},
    "george": {"ff_siwis": 0.5, "bm_george": 0.5},
    "dora": {"ff_siwis": 0.4, "ef_dora": 0.6},
    "alex": {"ff_siwis": 0.4, "em_alex": 0.6},
    "emma": {"ff_siwis": 0.6, "bf_emma": 0.4},
    "santa": {"ff_siwis": 0.6, "am_santa": 0.4},
    "nicola": {"im_nicola": 1.0},
    "sara": {"if_sara": 1.0},
}


@dataclass(frozen=True, slots=True)
class Clip:
    """Somebody saying something: `spans` are the stretches of speech, in seconds of the clean sound.

    `kind`: question, word, hesitation, mid_sentence, number, telephone, bot; of the real voice recorded (whole
    prompts), recorded_word, recorded_number. `text` is empty where it is not known.
    """

    name: str
    kind: str
    text: str
    voice: str
    pace: float
    spans: tuple[tuple[float, float], ...]

    @property
    def starts(self) -> float:
        return self.spans[0][0]

    @property
    def ends(self) -> float:
        return self.spans[-1][1]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be spoken; a bar is a pause."""

    name: str
    kind: str
    text: str
    voice: str
    pace: float
    pauses: tuple[float, ...] = ()


class Callers:
    """The clips made so far. `sound` gives the clean speech of one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._index = directory / "clips.jsonl"
        self.clips: dict[str, Clip] = {}
        if self._index.is_file():
            for line in self._index.read_text(encoding="utf-8").splitlines():
                raw = json.loads(line)
                raw["spans"] = tuple((start, end) for start, end in raw["spans"])
                self.clips[raw["name"]] = Clip(**raw)

    def of_kind(self, *kinds: str) -> list[Clip]:
        return sorted((clip for clip in self.clips.values() if clip.kind in kinds), key=lambda clip: clip.name)

    def sound(self, clip: Clip) -> Floats:
        return read_wav(self._directory / f"{clip.name}.wav")[0]

    def keep(self, wanted: _Wanted, sound: Floats, spans: tuple[tuple[float, float], ...]) -> None:
        clip = Clip(wanted.name, wanted.kind, wanted.text.replace(" |", ""), wanted.voice, wanted.pace, spans)
        write_wav(self._directory / f"{clip.name}.wav", sound, RATE_HZ)
        with self._index.open("a", encoding="utf-8") as index:
            index.write(json.dumps(asdict(clip), ensure_ascii=False) + "\n")
        self.clips[clip.name] = clip


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the callers of the benches.")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this long; the rest is made next time")
    deadline = time.monotonic() + parser.parse_args().seconds
    settings = load_settings()
    callers = open_callers(settings)
    keep_recordings(callers, settings)
    missing = [wanted for wanted in wanted_clips() if wanted.name not in callers.clips]
    with tempfile.TemporaryDirectory() as directory:
        archive = _bench_directory(settings) / "packages"
        styles = fetch_npm_archive(KOKORO_JS, archive, print)
        for name in VOICES:
            mine = [wanted for wanted in missing if wanted.voice == name]
            if mine and time.monotonic() < deadline:
                voice = PiperVoice(styled_voice(settings, styles, name, Path(directory)), threads=2)
                _speak_all(voice, mine, callers, deadline)
    left = sum(wanted.name not in callers.clips for wanted in missing)
    print(f"{len(callers.clips)} clips are there, {left} are missing")


def open_callers(settings: Settings) -> Callers:
    directory = _bench_directory(settings) / "callers"
    directory.mkdir(parents=True, exist_ok=True)
    return Callers(directory)


def _bench_directory(settings: Settings) -> Path:
    directory = settings.data_path / "bench"
    (directory / "packages").mkdir(parents=True, exist_ok=True)
    return directory


def debian_package(settings: Settings, name: str) -> Path:
    """The unpacked files of a Debian package, fetched by apt unless they are there."""
    packages = _bench_directory(settings) / "packages"
    unpacked = packages / name
    if not unpacked.is_dir():
        subprocess.run(["apt-get", "download", "-q", name], cwd=packages, check=True)
        archive = next(packages.glob(f"{name}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(archive), str(unpacked)], check=True)
        archive.unlink()
    return unpacked


# -- what is said --


def wanted_clips() -> Iterator[_Wanted]:
    """Every synthetic clip, in order; the same at each run."""
    names = list(VOICES)
    questions = [one.question for one in read_labelled(PROJECT_DIR / "tests" / "questions" / "dev.tsv")]
    short = [spoken(question) for question in questions if len(question.split()) <= 16]
    for number, text in enumerate(short[:: max(1, len(short) // _QUESTIONS)][:_QUESTIONS]):
        yield _Wanted(f"question_{number:03}", "question", text, names[number % len(names)], _pace(number))
    for number, text in enumerate([word for word in WORDS for _ in range(_WORD_TAKES)]):
        yield _Wanted(f"word_{number:03}", "word", text, names[number * 3 % len(names)], _pace(number))
    for kind, texts in (("hesitation", HESITATIONS), ("mid_sentence", MID_SENTENCE), ("number", NUMBERS)):
        for number, text in enumerate(texts):
            pauses = tuple(0.4 + 0.1 * ((number + place) % 6) for place in range(text.count("|")))
            yield _Wanted(f"{kind}_{number:02}", kind, text, names[number % len(names)], _pace(number), pauses)
    for number, text in enumerate(telephones()):
        pauses = tuple(0.15 + 0.15 * ((number + place) % 5) for place in range(text.count("|")))
        yield _Wanted(f"telephone_{number:02}", "telephone", text, names[number % len(names)], _pace(number), pauses)
    for number, text in enumerate(BOT_SENTENCES):
        yield _Wanted(f"bot_{number}", "bot", text, "siwis", 1.0)


def _pace(number: int) -> float:
    return _PACES[number % len(_PACES)]


# -- synthetic voices --


def styled_voice(settings: Settings, archive: Path, name: str, directory: Path) -> Path:
    """The installed voice with the table of another speaker (510 rows of 256)."""
    table = np.zeros((510, 256), np.float32)
    with tarfile.open(archive) as tar:
        for style, share in VOICES[name].items():
            member = tar.extractfile(f"package/voices/{style}.bin")
            assert member is not None
            table += np.float32(share) * np.frombuffer(member.read(), np.float32).reshape(-1, 256)
    base = settings.voices_path / f"{settings.speech.voice}.onnx"
    model = onnx.load(str(base))
    for tensor in model.graph.initializer:
        if tuple(tensor.dims[-1:]) == (256,) and tensor.dims[0] == table.shape[0]:
            shape = tuple(tensor.dims)
            tensor.CopyFrom(numpy_helper.from_array(table.reshape(shape).copy(), tensor.name))
    path = directory / f"{name}.onnx"
    onnx.save(model, str(path))
    path.with_name(path.name + ".json").write_bytes(base.with_name(base.name + ".json").read_bytes())
    return path


def _speak_all(voice: PiperVoice, wanted: Sequence[_Wanted], callers: Callers, deadline: float) -> None:
    for one in wanted:
        if time.monotonic() > deadline:
            return
        if one.kind in ("number", "telephone") and one.pauses:
            groups = [voice.synthesise(speak(group) + ",", length_scale=one.pace) for group in one.text.split("|")]
            callers.keep(one, *with_pauses(groups, one.pauses))
        elif one.pauses:
            sound = voice.synthesise(speak(re.sub(r",? \|", ",", one.text)), length_scale=one.pace)
            callers.keep(one, *with_pauses(cut_at_bar(sound, one.text), one.pauses))
        else:
            sound = voice.synthesise(speak(one.text), length_scale=one.pace)
            callers.keep(one, sound, (speech_span(sound),))


def cut_at_bar(sound: Floats, text: str) -> list[Floats]:
    """Cuts where the sound is quietest around the bar's place in the text: a comma stands there, so there is a dip."""
    energy = np.convolve(_levels(sound), np.ones(5) / 5, "same")
    place = text.index("|") / len(text) * len(energy)
    reach = 0.22 * len(energy)
    low, high = max(1, int(place - reach)), min(len(energy) - 1, int(place + reach))
    cut = (low + int(np.argmin(energy[low:high]))) * _STEP
    return [sound[:cut], sound[cut:]]


def with_pauses(parts: Sequence[Floats], pauses: Sequence[float]) -> tuple[Floats, tuple[tuple[float, float], ...]]:
    """Joins parts so that the silence between their speech lasts exactly as long as wanted."""
    pieces: list[Floats] = []
    spans = []
    at = 0.0
    for number, part in enumerate(parts):
        start, end = speech_span(part)
        first, last = number == 0, number == len(parts) - 1
        piece = part[0 if first else round(start * RATE_HZ) : len(part) if last else round(end * RATE_HZ)]
        offset = 0.0 if first else start
        spans.append((round(at + start - offset, 3), round(at + end - offset, 3)))
        pieces.append(piece)
        at += len(piece) / RATE_HZ
        if not last:
            pieces.append(np.zeros(round(pauses[number] * RATE_HZ), np.float32))
            at += len(pieces[-1]) / RATE_HZ
    return np.concatenate(pieces), tuple(spans)


def _levels(sound: Floats) -> NDArray[np.float64]:
    """Level of each 10 ms in dB."""
    whole = sound[: len(sound) // _STEP * _STEP].reshape(-1, _STEP).astype(np.float64)
    return np.asarray(10 * np.log10(np.mean(whole**2, axis=1) + 1e-12))


def speech_span(sound: Floats) -> tuple[float, float]:
    """From the first to the last 10 ms that are less than 35 dB below the loudest."""
    levels = _levels(sound)
    loud = np.flatnonzero(levels > levels.max() + _EDGE_DB)
    return round(float(loud[0]) * _STEP / RATE_HZ, 3), round(float(loud[-1] + 1) * _STEP / RATE_HZ, 3)


# -- the real voice --


def keep_recordings(callers: Callers, settings: Settings) -> None:
    """Whole prompts of 1 to 8 s, single digits as words, and numbers dictated with them."""
    june = debian_package(settings, "asterisk-core-sounds-fr-wav") / _JUNE
    package = debian_package(settings, "asterisk-prompt-fr-armelle")
    prompts = sorted(path for path in june.glob("*.wav") if "tone" not in path.name and "beep" not in path.name)
    sounds = {path.stem: read_wav(path)[0] for path in prompts}
    whole = [name for name, sound in sounds.items() if 1.0 < len(sound) / RATE_HZ < 8.0 and "monkeys" not in name]
    for name in whole[:: max(1, len(whole) // _RECORDED)][:_RECORDED]:
        _keep_recorded(callers, f"recorded_{name}", "recorded", "", sounds[name])
    digits = [read_wav(june / "digits" / f"{digit}.wav")[0] for digit in range(10)]
    for digit, sound in enumerate(digits):
        _keep_recorded(callers, f"recorded_word_{digit}", "recorded_word", str(digit), sound)
    for number, dictated in enumerate(OWN_DIGITS):
        name = f"recorded_number_{number}"
        pauses = [0.08 if place % (2 + number % 2) else 0.45 + 0.08 * (number % 6) for place in range(1, len(dictated))]
        sound, spans = with_pauses([digits[digit] for digit in dictated], pauses)
        wanted = _Wanted(name, "recorded_number", " ".join(map(str, dictated)), "june", 1.0)
        if name not in callers.clips:
            callers.keep(wanted, sound, spans)
    armelle = [recording(package / _ARMELLE / f"{digit}.gsm") for digit in range(10)]
    for voice, spoken_digits in (("june", digits), ("armelle", armelle)):
        for number, text in enumerate(telephones()[2::3]):
            name, dictated = f"telephone_{voice}_{number:02}", re.sub(r"\D", "", in_figures(text))
            pauses = [0.05 + 0.12 * ((number + place) % 5) for place in range(1, len(dictated))]
            sound, spans = with_pauses([spoken_digits[int(digit)] for digit in dictated], pauses)
            if name not in callers.clips:
                callers.keep(_Wanted(name, "telephone", " ".join(dictated), voice, 1.0), sound, spans)


def recording(path: Path) -> Floats:
    """Any recording at 8 kHz; sox reads GSM."""
    command = ["sox", str(path), *"-r 8000 -c 1 -t raw -e floating-point -b 32 -".split()]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)


def _keep_recorded(callers: Callers, name: str, kind: str, text: str, sound: Floats) -> None:
    if name not in callers.clips:
        callers.keep(_Wanted(name, kind, text, "june", 1.0), sound, (speech_span(sound),))


# -- the line --


def on_a_line(
    callers: Callers,
    clip: Clip,
    line: str,
    level_dbfs: float = -26.0,
    *,
    snr_db: float = 20.0,
    lead_seconds: float = LEAD_SECONDS,
    tail_seconds: float = TAIL_SECONDS,
) -> Floats:
    """The clip with some line before and after it, 8 kHz, after A-law; the noise is `snr_db` below the speech."""
    sound = callers.sound(clip)
    start, end = (round(edge * RATE_HZ) for edge in (clip.starts, clip.ends))
    power = float(np.mean(np.square(sound[start:end], dtype=np.float64)))
    gain = 10 ** (level_dbfs / 20) / max(1e-6, power**0.5)
    lead, tail = round(lead_seconds * RATE_HZ), round(tail_seconds * RATE_HZ)
    whole = np.concatenate([np.zeros(lead), sound * gain, np.zeros(tail)])
    return through_a_law(whole + noise(callers, line, len(whole), clip.name) * 10 ** ((level_dbfs - snr_db) / 20))


def noise(callers: Callers, line: str, count: int, seed: str) -> NDArray[np.float64]:
    """Noise of one line with an effective level of 1 (quiet: 40 dB less, about the floor of a digital line)."""
    rng = np.random.default_rng(zlib.crc32(f"{line} {seed}".encode()))
    if line == "babble":
        others = callers.of_kind("recorded")
        mixed = np.zeros(count)
        for number in rng.choice(len(others), size=6 * (1 + count // (3 * RATE_HZ)), replace=True):
            sound = callers.sound(others[number])[:count]
            mixed += np.roll(np.pad(sound, (0, count - len(sound))), rng.integers(count))
        return np.asarray(mixed / np.sqrt(np.mean(mixed**2)))
    spectrum = np.fft.rfft(rng.standard_normal(count))
    if line == "pink":
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    made = np.fft.irfft(spectrum, count)
    return np.asarray(made / np.sqrt(np.mean(made**2)) * (0.01 if line == "quiet" else 1.0))


def through_a_law(sound: NDArray[np.floating]) -> Floats:
    """What arrives at the other end of a G.711 line."""
    samples = np.frombuffer(float_to_pcm(sound.astype(np.float32)), np.int16)
    return pcm_to_float(A_LAW.decode(A_LAW.encode(samples)).tobytes())


if __name__ == "__main__":
    main()
