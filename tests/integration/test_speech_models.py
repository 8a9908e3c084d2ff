"""The real recogniser and the real voice. Anything about sound is a rate over many samples."""

import csv
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from bot.commands.speech import models_app, say_command, transcribe_command, voices_app
from bot.hearing import load_lexicon
from bot.settings import load_settings
from tests.integration.not_speech import sounds
from voice.audio import A_LAW, float_to_pcm, level_dbfs, pcm_to_float, read_wav, resample
from voice.engines import load_speech
from voice.install.files import sha256_of
from voice.install.places import model_path, voice_path
from voice.loudness import CEILING_DBFS, SPEECH_DBFS, speech_level_dbfs
from voice.piper_voice import LINE_RATE_HZ, PiperVoice
from voice.plausibility import plausible
from voice.silero import voiced_seconds
from voice.spoken_french import speak
from voice.whisper import RATE_HZ, Whisper
from voice.whisper_vocabulary import renumbered

pytestmark = pytest.mark.models

AUDIO = Path(__file__).parents[1] / "audio"
SHORT_TURNS = [
    "Oui.",
    "Non.",
    "Oui, merci.",
    "Un conseiller.",
    "Bonjour.",
    "Répétez, s'il vous plaît.",
    "Plus lentement.",
    "Merci, au revoir.",
    "C'est combien ?",
    "Et pour adhérer ?",
    "Le bulletin de paie ?",
    "Je voudrais parler à quelqu'un.",
]


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    settings = load_settings()
    return Whisper(model_path(settings.models_path, "whisper-base"), prompt=load_lexicon(settings).prompt)


@pytest.fixture(scope="module")
def voice() -> PiperVoice:
    return PiperVoice(voice_path(load_settings().voices_path, "fr_FR-siwis-kokoro"))


@pytest.fixture(scope="module")
def questions() -> list[tuple[np.ndarray, str]]:
    """Sound (8 kHz) and words of the recorded questions."""
    with (AUDIO / "manifest.tsv").open(encoding="utf-8") as file:
        return [(read_wav(AUDIO / row["path"])[0], row["text"]) for row in csv.DictReader(file, delimiter="\t")]


def at_16_khz(line: np.ndarray) -> np.ndarray:
    return resample(line, LINE_RATE_HZ, RATE_HZ)


def as_heard_on_the_line(speech: np.ndarray) -> np.ndarray:
    pcm = np.frombuffer(float_to_pcm(speech), np.int16)
    return pcm_to_float(A_LAW.decode(A_LAW.encode(pcm)).tobytes())


def words(text: str) -> list[str]:
    """As they sound: digits in words, no accents."""
    plain = unicodedata.normalize("NFD", speak(text).lower())
    return re.findall(r"[a-z]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def wrong_words(said: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for i, one in enumerate(said, 1):
        above, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
    return row[-1]


# Nothing said.


def test_noise_tones_and_keys_never_become_words(whisper: Whisper) -> None:
    """Without the voice detector's help: what it lets through is judged by the recogniser's figures alone."""
    tried = list(sounds())[::4]
    believed = [
        f"{name}: {transcript.text}"
        for name, sound in tried
        if plausible(transcript := whisper.transcribe(at_16_khz(sound)), len(sound) / LINE_RATE_HZ)
    ]
    assert len(tried) == 30
    assert believed == [], f"{len(believed)} of {len(tried)}"


def test_none_of_them_is_voice_enough_to_interrupt_the_bot() -> None:
    """Measured: 7 of 120 raise the detector at all (melodies, the busy tone), for 0.22 s at most."""
    voiced = [voiced_seconds(sound, LINE_RATE_HZ) for _, sound in sounds()]
    assert max(voiced) < 0.25, "a barge-in takes 0.25 s"
    assert sum(seconds > 0 for seconds in voiced) <= len(voiced) * 0.1


@pytest.mark.parametrize("samples", [0, 1, 800, 1599])
def test_less_than_a_tenth_of_a_second_is_nothing(whisper: Whisper, samples: int) -> None:
    transcript = whisper.transcribe(np.full(samples, 0.5, np.float32))
    assert (transcript.text, transcript.certainty) == ("", "none")


def test_silence_is_nothing_at_any_length(whisper: Whisper) -> None:
    for seconds in (0.2, 3, 45):
        transcript = whisper.transcribe(np.full(round(seconds * RATE_HZ), 8 / 32768, np.float32))
        assert not plausible(transcript, seconds)


# Something said.


def test_recorded_questions_are_understood(whisper: Whisper, questions: list[tuple[np.ndarray, str]]) -> None:
    wrong = total = believed = 0
    for sound, text in questions:
        transcript = whisper.transcribe(at_16_khz(sound))
        wrong += wrong_words(words(text), words(transcript.text))
        total += len(words(text))
        believed += plausible(transcript, voiced_seconds(sound, LINE_RATE_HZ))
    assert believed == len(questions)
    assert wrong / total < 0.25, f"{wrong} of {total} words"


def test_short_turns_are_believed(whisper: Whisper, voice: PiperVoice) -> None:
    believed = 0
    for turn in SHORT_TURNS:
        sound = as_heard_on_the_line(voice.synthesise(speak(turn)))
        believed += plausible(whisper.transcribe(at_16_khz(sound)), voiced_seconds(sound, LINE_RATE_HZ))
    assert believed >= len(SHORT_TURNS) - 1


def test_a_long_recording_is_transcribed_whole(whisper: Whisper, questions: list[tuple[np.ndarray, str]]) -> None:
    gap = np.zeros(LINE_RATE_HZ // 2, np.float32)
    parts: list[np.ndarray] = []
    spoken: list[str] = []
    while sum(map(len, parts)) < 75 * LINE_RATE_HZ:
        sound, text = questions[len(spoken) % len(questions)]
        parts += [sound, gap]
        spoken.append(text)
    transcript = whisper.transcribe(at_16_khz(np.concatenate(parts)))
    said, heard = words(" ".join(spoken)), words(transcript.text)
    assert transcript.duration_seconds >= 75
    assert wrong_words(said, heard) / len(said) < 0.4


def test_two_threads_hear_the_same_as_one(whisper: Whisper, questions: list[tuple[np.ndarray, str]]) -> None:
    sounds_to_hear = [at_16_khz(sound) for sound, _ in questions[:4]]
    alone = [whisper.transcribe(sound).text for sound in sounds_to_hear]
    with ThreadPoolExecutor(2) as pool:
        assert [transcript.text for transcript in pool.map(whisper.transcribe, sounds_to_hear)] == alone


class Counting:
    """A model that counts what it is asked to do."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.done: list[str] = []

    def encode(self, *args: Any, **options: Any) -> Any:
        self.done.append("encode")
        return self._model.encode(*args, **options)

    def generate(self, *args: Any, **options: Any) -> Any:
        self.done.append("generate")
        return self._model.generate(*args, **options)


@pytest.mark.parametrize(
    ("answers", "done"), [([False], []), ([True, False], ["encode"]), ([True, True], ["encode", "generate"])]
)
def test_what_nobody_waits_for_any_more_is_not_gone_on_with(
    whisper: Whisper,
    questions: list[tuple[np.ndarray, str]],
    monkeypatch: pytest.MonkeyPatch,
    answers: list[bool],
    done: list[str],
) -> None:
    model = Counting(whisper._model)
    monkeypatch.setattr(whisper, "_model", model)
    wanted = iter(answers)
    transcript = whisper.transcribe(at_16_khz(questions[0][0]), lambda: next(wanted))
    assert model.done == done
    assert (transcript.certainty == "none") == (not answers[-1])
    assert bool(transcript.text) == answers[-1]


# The voice.


def test_speech_is_ready_for_the_line(voice: PiperVoice) -> None:
    speech = voice.synthesise("Votre demande est traitée.")
    assert speech.dtype == np.float32
    assert 0.8 < len(speech) / LINE_RATE_HZ < 3
    assert speech_level_dbfs(speech) == pytest.approx(SPEECH_DBFS, abs=0.5)
    assert np.max(np.abs(speech)) <= 10 ** (CEILING_DBFS / 20) + 0.001
    loud = np.flatnonzero(np.abs(speech) > 0.01 * np.max(np.abs(speech)))
    assert loud[0] <= 0.08 * LINE_RATE_HZ + 1
    assert len(speech) - loud[-1] <= 0.12 * LINE_RATE_HZ + 2
    assert level_dbfs(speech) > -30


def test_the_pace_can_be_slowed(voice: PiperVoice) -> None:
    text = "Le bulletin de paie est en ligne."
    assert len(voice.synthesise(text, length_scale=1.25)) > 1.1 * len(voice.synthesise(text))


@pytest.mark.parametrize("text", ["", " ", "...", "—"])
def test_nothing_to_say_is_silence(voice: PiperVoice, text: str) -> None:
    assert len(voice.synthesise(text)) == 0


def test_a_sentence_longer_than_the_network_takes_loses_no_word(voice: PiperVoice) -> None:
    once = "le salarié de l'association déclare ses heures au centre de paiement "
    short, long = (
        voice.synthesise(once * times, length_scale=0.6) for times in (1, 8)
    )  # about 460 phonemes: two pieces
    assert len(long) > 8 * 0.7 * len(short)


def test_the_digest_is_that_of_the_voice_file(voice: PiperVoice) -> None:
    assert voice.digest == sha256_of(voice.path)


# The commands.


@pytest.fixture
def app() -> Iterator[typer.Typer]:
    made = typer.Typer()
    made.command("transcribe")(transcribe_command)
    made.command("say")(say_command)
    made.add_typer(models_app, name="models")
    made.add_typer(voices_app, name="voices")
    yield made


def test_transcribe_reports_bad_files_and_goes_on(app: typer.Typer, tmp_path: Path) -> None:
    good = AUDIO / "bulletin.wav"
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not sound " * 100, encoding="utf-8")
    (tmp_path / "cut.wav").write_bytes(good.read_bytes()[:5000])
    bad = [str(tmp_path / name) for name in ("empty.wav", "text.wav", "cut.wav", "absent.wav")]
    result = CliRunner().invoke(app, ["transcribe", "--json", *bad, str(good), str(AUDIO / "silence.wav")])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 4
    heard, silence = (json.loads(line) for line in result.stdout.splitlines())
    assert set(heard) >= {
        "file",
        "text",
        "confidence",
        "certainty",
        "no_speech_probability",
        "plausible",
        "seconds",
        "processing_ms",
    }
    assert "bulletin" in heard["text"].lower()
    assert heard["plausible"] is True
    assert (silence["text"], silence["plausible"]) == ("", False)


def test_what_say_writes_is_what_transcribe_reads(app: typer.Typer, tmp_path: Path) -> None:
    out = tmp_path / "said.wav"
    assert CliRunner().invoke(app, ["say", "La cotisation est de 70 %.", "--out", str(out)]).exit_code == 0
    assert read_wav(out)[1] == LINE_RATE_HZ
    text = json.loads(CliRunner().invoke(app, ["transcribe", "--json", str(out)]).stdout)["text"]
    assert "70" in text or "soixante" in text


def test_models_are_installed_from_a_path_and_verified(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings()
    model, voice_file = (
        model_path(settings.models_path, "whisper-base"),
        voice_path(settings.voices_path, settings.speech.voice),
    )
    monkeypatch.setenv("GUICHET_DATA_DIR", str(tmp_path))
    run = CliRunner()
    assert run.invoke(app, ["models", "install", "--from", str(model)]).exit_code == 0
    assert run.invoke(app, ["voices", "install", "other-voice", "--from", str(voice_file)]).exit_code == 0
    assert "other-voice" in run.invoke(app, ["voices", "list"]).stdout
    assert run.invoke(app, ["models", "verify"]).exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "Nous sommes à Plougastel-Daoulas, près de Châteaubriant.",
        "Monsieur Yılmaz, Mme Wroblewski et M. Nguyễn",
        "jean.dupont+cea@orange.fr",
        "Siret : 775 672 272 00016, soit 1 432,75 €",
        "06 12 34 56 78",
        "Ångström, señor, Łódź, 東京",
    ],
)
def test_names_addresses_and_figures_can_be_written_without_the_tokens_of_other_languages(
    whisper: Whisper, text: str
) -> None:
    kept, tokenizer = whisper._kept, whisper._tokenizer.tokenizer
    assert kept is not None
    assert len(kept) < len(whisper._tokenizer.tokenizer.get_vocab()) / 2
    written: list[int] = []
    for token in tokenizer.encode(text, add_special_tokens=False).ids:
        bytes_of_it = [tokenizer.token_to_id(byte) for byte in tokenizer.id_to_token(token)]
        written += [token] if token in kept else bytes_of_it
    assert whisper._text(renumbered(written, kept)) == text


MEMORY_OF_A_RECOGNISER = """
import sys
from pathlib import Path
from voice.whisper import Whisper
whisper = Whisper(sys.argv[1], whole_vocabulary=sys.argv[2] == "whole")
assert (whisper._kept is None) == (sys.argv[2] == "whole")
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")))
"""


def memory_kb(vocabulary: str) -> int:
    model = model_path(load_settings().models_path, "whisper-base")
    command = [sys.executable, "-c", MEMORY_OF_A_RECOGNISER, str(model), vocabulary]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_leaving_tokens_out_costs_no_memory() -> None:
    assert memory_kb("french") <= memory_kb("whole")


def test_without_room_for_a_copy_everything_is_heard_with_all_tokens(
    questions: list[tuple[np.ndarray, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    whole = Whisper(model_path(load_settings().models_path, "whisper-base"))
    assert whole._kept is None
    assert plausible(whole.transcribe(at_16_khz(questions[0][0])), 1.0)


def test_what_was_taught_on_telephone_sound_is_asked_for_callers_only() -> None:
    settings = load_settings()
    speech: Any = load_speech(settings, load_lexicon(settings))
    assert speech._recogniser._words is not None
    assert speech._for_visitors._words is None
    assert speech._for_visitors._whisper is speech._recogniser._whisper
