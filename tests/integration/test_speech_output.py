"""The real voice behind the cache: even, understood when put together from pieces, slowed or louder, and soon free."""

from __future__ import annotations

import re
import threading
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.commands.evaluate import edit_distance
from bot.commands.speech import voices_app
from bot.errors import SpeechUnavailable
from bot.hearing import load_lexicon
from bot.settings import load_settings
from voice.audio import float_to_pcm, pcm_to_float, resample
from voice.engines import PiperInAdvance, load_whisper
from voice.install.places import voice_path
from voice.loudness import CEILING_DBFS, SPEECH_DBFS, louder, speech_level_dbfs
from voice.piper_voice import LINE_RATE_HZ, PiperVoice
from voice.sentences import clauses
from voice.speech import GaveWay
from voice.spoken import spoken_sentences
from voice.stretch import stretch
from voice.whisper import RATE_HZ, Whisper

pytestmark = pytest.mark.models

GAP = b"\0\0" * 1200
TEXTS = [
    "J'ai besoin d'une précision. Dites ou tapez 1 pour : Le délai de validation de l'adhésion.",
    "Vouliez-vous dire : Date du prélèvement des cotisations ? Répondez par oui ou par non.",
    "Votre question est bien : Remettre le bulletin de paie au salarié ? Répondez par oui ou par non.",
    "Chaque mois, connectez-vous à votre espace employeur et remplissez une déclaration pour chaque salarié.",
    "Un contrat rédigé à part reste recommandé, par exemple pour un temps partiel.",
    "Avant d'adhérer, contactez vos organismes de retraite complémentaire et de prévoyance.",
]


@pytest.fixture(scope="module")
def voice() -> PiperVoice:
    return PiperVoice(voice_path(load_settings().voices_path, "fr_FR-siwis-kokoro"))


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    settings = load_settings()
    return load_whisper(settings, load_lexicon(settings).prompt)


@pytest.fixture(scope="module")
def spoken(voice: PiperVoice) -> list[bytes]:
    """Each text put together from its pieces."""
    return [
        GAP.join(float_to_pcm(voice.synthesise(piece)) for one in spoken_sentences(text) for piece in clauses(one))
        for text in TEXTS
    ]


def words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.lower()).replace("1", "un")
    return re.findall(r"[a-z]+", "".join(letter for letter in folded if not unicodedata.combining(letter)))


@pytest.mark.parametrize("change", ["as it is", "slower", "louder"])
def test_what_is_put_together_slowed_or_made_louder_is_understood(
    whisper: Whisper, spoken: list[bytes], change: str
) -> None:
    wrong = said = 0
    for text, pcm in zip(TEXTS, spoken, strict=True):
        heard = stretch(pcm, 1.25) if change == "slower" else louder(pcm, 6.0) if change == "louder" else pcm
        transcript = whisper.transcribe(resample(pcm_to_float(heard), LINE_RATE_HZ, RATE_HZ))
        wrong += edit_distance(words(text), words(transcript.text))
        said += len(words(text))
    assert wrong / said < 0.25


def test_every_piece_is_as_loud_as_the_others(voice: PiperVoice) -> None:
    for text in TEXTS:
        for piece in spoken_sentences(text):
            sound = voice.synthesise(piece)
            assert speech_level_dbfs(sound) == pytest.approx(SPEECH_DBFS, abs=0.5)
            assert np.abs(sound).max() <= 10 ** (CEILING_DBFS / 20) + 1e-4


def test_speaking_in_advance_is_broken_off_in_mid_sentence_and_the_voice_is_free(voice: PiperVoice) -> None:
    advance = PiperInAdvance(voice)
    begun = threading.Timer(0.3, advance.break_off)
    begun.start()
    with pytest.raises(GaveWay):
        advance.speak("Le bulletin de paie est mis en ligne dans votre espace employeur. " * 8, 1.0)
    begun.join()
    assert len(voice.synthesise("Bonjour.")) > 0
    assert len(advance.speak("Bonjour.", 1.0)) > 0


def rendered(data: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """`guichet voices render` in a data directory of its own, with the installed voice."""
    voices = load_settings().voices_path
    data.mkdir(exist_ok=True)
    (data / "voices").symlink_to(voices)
    monkeypatch.setenv("GUICHET_DATA_DIR", str(data))
    monkeypatch.setattr("bot.commands.speech.spoken_first", lambda prompts: prompts.waiting)
    return CliRunner().invoke(voices_app, ["render"])


def test_what_the_telephone_waits_for_can_be_spoken_before_it_is_ever_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        assert re.match(r"\d+ sentences? spoken", rendered(tmp_path / "one", patch).output)
    files = list((tmp_path / "one" / "speech-cache").rglob("*.s16"))
    assert all(file.stat().st_size > LINE_RATE_HZ for file in files), "half a second of sound each"
    (tmp_path / "one" / "voices").unlink()
    assert "already" in rendered(tmp_path / "one", monkeypatch).output


def test_where_nothing_can_be_kept_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "speech-cache").write_text("in the way")
    error = rendered(tmp_path, monkeypatch).exception
    assert isinstance(error, SpeechUnavailable)
    assert "speech-cache cannot be written" in str(error)
