"""Single words known by the encoder: the network's arithmetic, what the weights in the tree know, for which model they
hold, and when they are asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from bot.errors import ModelMissing
from bot.settings import Settings
from voice.corrections import Corrections
from voice.engines import WhisperRecogniser, load_short_words
from voice.install.catalogue import WHISPER_BASE
from voice.install.places import model_sums
from voice.meaning import is_clear
from voice.short_words import EXPECTED, LIKELY, LONGEST_SECONDS, POSSIBLE, SURE, TOGETHER, ShortWords, Word, short_sound
from voice.transcript import Certainty, Transcript
from voice.turn import Expecting, Hearing
from voice.whisper import Whisper
from voice.word_spectrum import BANDS, DILATIONS, WordSpectrum, spectrum

WHISPER = SimpleNamespace(whisper_model="whisper")
HEARD = Path(__file__).with_name("short_words_heard.npz")
"""What Whisper base's encoder made of four short sounds of the bundled voice on an A-law line, and their spectra, to
8 bits."""

SAID = ("oui", "merci", "conseiller", "salaire")


def weights() -> dict[str, Any]:
    """Of two inputs; the first, anywhere in the sound, means "oui", the second "non", neither none of them."""
    both = np.zeros((TOGETHER * 2, 2), np.float32)
    both[TOGETHER // 2 * 2 :][:2] = np.eye(2)  # the step in the middle
    scores = np.zeros((4, 3), np.float32)
    scores[0, 0] = scores[1, 1] = 8.0
    zero = np.zeros(2, np.float32)
    return {
        "w1": np.eye(2, dtype=np.float32),
        "b1": zero,
        "w2": both,
        "b2": zero,
        "w3": scores,
        "b3": np.array([0, 0, 4]),
    }


def sound(*steps: tuple[float, float]) -> Any:
    return np.array([(0, 0), (0, 0), *steps, (0, 0)], np.float32)


@pytest.mark.parametrize(("steps", "word"), [([(1, 0)], "oui"), ([(0, 1), (0, 0)], "non"), ([(0, 0)], "")])
def test_a_word_is_known_wherever_it_stands_in_the_sound(steps: list[tuple[float, float]], word: str) -> None:
    heard = ShortWords(("oui", "non"), weights()).hear(sound(*steps))
    assert heard.text == word
    assert heard.probability > 0.9


def test_two_networks_that_do_not_agree_are_sure_of_nothing() -> None:
    deaf = weights() | {"w3": np.zeros((4, 3), np.float32)}
    alone, both = (ShortWords(("oui", "non"), *each).hear(sound((1, 0))) for each in ([weights()], [weights(), deaf]))
    assert alone.sure
    assert not both.sure


def unsure(text: str, *, of_none: float = 0.9) -> ShortWords:
    """Hears this word in any sound, somewhat likelier than anything else."""
    likely = weights() | {"w3": np.zeros((4, 3), np.float32), "b3": np.array([of_none, 0, 0], np.float32)}
    return ShortWords((text, "stop"), likely)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("oui", Expecting.YES_OR_NO),
        ("non merci", Expecting.YES_OR_NO),
        ("deux", Expecting.CHOICE),
        ("la première", Expecting.CHOICE),
    ],
)
def test_a_word_that_was_asked_for_is_believed_sooner_and_no_other(text: str, where: Expecting) -> None:
    for expecting in Expecting:
        asked_for = text in EXPECTED[expecting]
        assert unsure(text).hear(sound((0, 0)), expecting).sure is asked_for
        if expecting is where:
            assert asked_for


def test_a_word_that_was_asked_for_does_not_take_the_place_of_a_likelier_one() -> None:
    alike = weights() | {"w3": np.zeros((4, 3), np.float32), "b3": np.array([1.5, 2.0, 0.0], np.float32)}
    words = ShortWords(("oui", "stop"), alike)
    heard = {words.hear(sound((0, 0)), expecting) for expecting in Expecting}
    assert [word.text for word in heard] == ["stop"]
    assert not any(word.sure for word in heard)


def test_what_is_likelier_no_word_is_never_sure_because_it_was_asked_for() -> None:
    word = unsure("oui", of_none=0.33).hear(sound((0, 0)), Expecting.YES_OR_NO)  # 0.41 by its sound
    assert word.text == "oui"
    assert not word.sure
    assert not unsure("oui").hear(sound((0, 0)), Expecting.NUMBER).sure


def test_what_may_be_said_at_any_moment_is_believed_wherever_it_is_said() -> None:
    for expecting in Expecting:
        assert unsure("répétez", of_none=6.0).hear(sound((0, 0)), expecting).sure


def test_what_is_no_word_does_not_become_one_because_it_was_asked_for() -> None:
    for expecting in Expecting:
        assert not unsure("oui", of_none=-2.0).hear(sound((0, 0)), expecting).sure


def test_the_words_asked_for_are_words_that_are_known() -> None:
    words = ShortWords.load(WHISPER_BASE[0].sha256)
    assert words is not None
    assert {word for expected in EXPECTED.values() for word in expected} <= set(words.words)


def test_the_weights_in_the_tree_know_words_of_a_voice_that_did_not_teach_them() -> None:
    words = ShortWords.load(WHISPER_BASE[0].sha256)
    assert words is not None
    with np.load(HEARD) as file:
        steps, bands = (
            {text: file[f"{text} {kind}"].astype(np.float32) * file[kind] for text in SAID}
            for kind in ("steps", "bands")
        )
    heard = {text: words.hear(steps[text], spectrum=bands[text]) for text in SAID}
    assert {text for text, word in heard.items() if word.sure} == {"oui", "merci", "conseiller"}
    assert all(word.text == text for text, word in heard.items() if word.sure)


def written(path: Path, **about: Any) -> Path:
    """A file with two networks, and that of the spectrum beside it."""
    seen = {name: layer[None] for name, layer in seeing("non").items()}
    np.savez(path.with_name("word_spectrum.npz"), about=json.dumps({"words": ["oui", "non"]}), **seen)
    twice = {name: np.stack([one, one]) for name, one in weights().items()}
    np.savez(path, about=json.dumps({"words": ["oui", "non"], "model_sha256": "abc"} | about), **twice)
    return path


def test_weights_hold_for_the_model_they_were_taught_with_only(tmp_path: Path) -> None:
    path = written(tmp_path / "weights.npz")
    taught = ShortWords.load("abc", path)
    assert taught is not None
    assert taught.hear(sound((1, 0))).text == "oui"
    assert ShortWords.load("def", path) is None
    assert ShortWords.load("abc", tmp_path / "absent.npz") is None


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def no_archive(path: Path) -> None:
    path.write_text("no weights", encoding="utf-8")


def without_a_layer(path: Path) -> None:
    left = {name: one[None] for name, one in weights().items() if name != "w2"}
    np.savez(path, about=json.dumps({"words": ["oui", "non"], "model_sha256": "abc"}), **left)


def with_a_word_too_many(path: Path) -> None:
    written(path, words=["oui", "non", "stop"])


@pytest.mark.parametrize("damage", [cut_short, no_archive, without_a_layer, with_a_word_too_many])
def test_a_damaged_file_is_told_of_with_its_remedy(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = written(tmp_path / "weights.npz")
    damage(path)
    with pytest.raises(ModelMissing, match=r"weights\.npz cannot be read .*: install Guichet again"):
        ShortWords.load("abc", path)


def chosen_model(models: Path, digest: str) -> Settings:
    """Settings for a recogniser whose `model.bin` has this digest."""
    model_sums(models / "whisper").parent.mkdir(exist_ok=True)
    model_sums(models / "whisper").write_text(f"{digest}  model.bin\n{'0' * 64}  config.json\n", encoding="utf-8")
    return cast(Settings, SimpleNamespace(models_path=models, speech=WHISPER))


def test_the_digest_of_the_chosen_model_decides(tmp_path: Path) -> None:
    assert load_short_words(chosen_model(tmp_path, WHISPER_BASE[0].sha256)) is not None
    assert load_short_words(chosen_model(tmp_path, "1" * 64)) is None
    model_sums(tmp_path / "whisper").unlink()
    assert load_short_words(cast(Settings, SimpleNamespace(models_path=tmp_path, speech=WHISPER))) is None


def test_with_damaged_weights_the_operator_is_told_and_everything_is_transcribed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(digest: str) -> ShortWords | None:
        raise ModelMissing("The weights short_words.npz cannot be read (BadZipFile): install Guichet again.")

    monkeypatch.setattr(ShortWords, "load", unreadable)
    with capture_logs() as logged:
        assert load_short_words(chosen_model(tmp_path, "abc")) is None
    assert [entry["log_level"] for entry in logged] == ["warning"]
    assert "install Guichet again" in logged[0]["error"]


def seeing(text: str) -> dict[str, Any]:
    """A network that sees this word, or none, in any spectrum."""
    channels, classes = (1, 1, 1), ("oui", "non", "")
    none = np.zeros(channels[0], np.float32)
    layers = {
        "patch1": np.zeros((3, 3, 1, 1)), "patch2": np.zeros((3, 3, 1, 1)), "step": np.zeros((BANDS // 4, 1)),
        "around": np.zeros((len(DILATIONS), 9, 1)), "mixed": np.zeros((len(DILATIONS), 1, 1)), "last": np.zeros((1, 1)),
        "words": np.zeros((2, 3)),
    }  # fmt: skip
    biases = dict.fromkeys((f"{name}_bias" for name in layers), none)
    several = {f"{name}_bias": np.zeros((len(DILATIONS), 1)) for name in ("around", "mixed")}
    chosen = {"words_bias": np.where(np.array(classes) == text, 9.0, 0.0)}
    return {name: np.asarray(one, np.float32) for name, one in (layers | biases | several | chosen).items()}


def test_what_the_steps_and_the_spectrum_do_not_agree_on_is_not_sure() -> None:
    any_spectrum = np.zeros((40, BANDS), np.float32)
    for seen, sure in (("oui", True), ("non", False), ("", False)):
        words = ShortWords(("oui", "non"), weights(), by_spectrum=WordSpectrum(seeing(seen)))
        assert words.hear(sound((1, 0)), spectrum=any_spectrum).sure is sure
        assert words.hear(sound((1, 0))).sure, "where there is no spectrum the steps decide"
        assert words.hear(sound((1, 0)), spectrum=any_spectrum[:0]).sure


def without_them(path: Path) -> None:
    path.unlink()


def with_other_words(path: Path) -> None:
    seen = {name: layer[None] for name, layer in seeing("non").items()}
    np.savez(path, about=json.dumps({"words": ["non", "oui"]}), **seen)


@pytest.mark.parametrize("damage", [cut_short, no_archive, without_them, with_other_words])
def test_the_weights_of_the_spectrum_lie_beside_the_others_and_belong_to_them(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = written(tmp_path / "weights.npz")
    taught = ShortWords.load("abc", path)
    assert taught is not None
    assert not taught.hear(sound((1, 0)), spectrum=np.zeros((40, BANDS), np.float32)).sure
    damage(tmp_path / "word_spectrum.npz")
    with pytest.raises(ModelMissing, match=r"word_spectrum\.npz cannot be read .*: install Guichet again"):
        ShortWords.load("abc", path)


class Engine:
    """A recogniser that counts what is asked of it."""

    def __init__(self, writes: str = "C'est quoi ?", certainty: Certainty = "high", no_speech: float = 0.1) -> None:
        self.writes, self.certainty, self.no_speech = writes, certainty, no_speech
        self.encoded_sounds = self.transcribed = self.longest_encoded = 0

    def encoded(self, samples: NDArray[np.float32], window_seconds: float) -> Any:
        self.encoded_sounds += 1
        self.longest_encoded = max(self.longest_encoded, len(samples))
        return sound((1, 0))

    def transcribe(self, samples: object, is_wanted: Callable[[], bool]) -> Transcript:
        self.transcribed += 1
        return Transcript(self.writes, 0.8, self.certainty, -0.2, self.no_speech, 1.0)


class Knows:
    def __init__(self, word: Word) -> None:
        self.word = word

    def hear(self, steps: object, expecting: Expecting, spectrum: NDArray[np.float32]) -> Word:
        self.expecting, self.spectrum = expecting, spectrum
        return self.word


def said(seconds: float, *, room_seconds: float = 0.0) -> NDArray[np.float32]:
    """A loud stretch between half a second of line noise and 0.1 s, after a room's voices 26 dB weaker, if any."""
    lots = np.random.default_rng(0)
    levels = ((0.05, room_seconds), (0.001, 0.5), (1.0, seconds), (0.001, 0.1))
    parts = [lots.normal(0, 0.1 * level, round(16000 * length)) for level, length in levels]
    return np.concatenate(parts).astype(np.float32)


def recogniser_on(engine: Engine, word: Word) -> WhisperRecogniser:
    knows = cast(ShortWords, Knows(word))
    return WhisperRecogniser(cast(Whisper, engine), Corrections([], frozenset()), knows)


def heard(engine: Engine, word: Word, sound: NDArray[np.float32] | None = None, speech_seconds: float = 0.5) -> Hearing:
    return recogniser_on(engine, word).hear(said(0.5) if sound is None else sound, speech_seconds)


def test_a_word_that_is_sure_is_not_transcribed() -> None:
    engine = Engine()
    hearing = heard(engine, Word("trois", SURE))
    assert (hearing.question, hearing.certainty, hearing.plausible) == ("trois", "high", True)
    assert engine.transcribed == 0


def test_the_network_is_told_what_was_asked_for() -> None:
    knows = Knows(Word("oui", 1.0))
    recogniser = WhisperRecogniser(cast(Whisper, Engine()), Corrections([], frozenset()), cast(ShortWords, knows))
    heard = said(0.5)
    recogniser.hear(heard, 0.5, expecting=Expecting.CHOICE)
    assert knows.expecting is Expecting.CHOICE
    sound = short_sound(heard)
    assert sound is not None
    assert np.array_equal(knows.spectrum, spectrum(sound))


@pytest.mark.parametrize("word", [Word("trois", SURE - 0.01), Word("", 0.99)])
def test_what_is_unsure_or_no_word_is_left_to_the_recogniser(word: Word) -> None:
    assert heard(Engine(), word).text == "C'est quoi ?"


def test_a_sentence_is_never_read_as_a_word() -> None:
    engine = Engine()
    assert heard(engine, Word("oui", 1.0), said(LONGEST_SECONDS + 0.1)).text == "C'est quoi ?"
    assert engine.encoded_sounds == 0


def test_what_nobody_waits_for_any_more_is_not_looked_up() -> None:
    engine = Engine()
    recogniser_on(engine, Word("oui", 1.0)).hear(said(0.5), 0.5, lambda: False)
    assert engine.encoded_sounds == 0


def test_without_the_ear_for_words_the_same_engine_transcribes_them() -> None:
    engine = Engine()
    hearing = recogniser_on(engine, Word("oui", 1.0)).without_words().hear(said(0.5), 0.5)
    assert hearing.text == "C'est quoi ?"
    assert (engine.encoded_sounds, engine.transcribed) == (0, 1)


def test_a_word_is_known_in_a_room_where_others_have_been_talking_for_long() -> None:
    engine = Engine()
    assert heard(engine, Word("oui", 1.0), said(0.4, room_seconds=4.0), 4.4).text == "oui"
    assert engine.longest_encoded < 1.2 * 16000  # half a second before the word, and the silence after it


def test_a_sound_without_a_voice_is_never_a_word() -> None:
    assert heard(Engine(), Word("oui", 1.0), speech_seconds=0.03).text == "C'est quoi ?"


def test_neither_silence_nor_a_knock_is_a_short_sound() -> None:
    knock = np.zeros(16000, np.float32)
    knock[8000:8100] = 1.0
    assert short_sound(np.zeros(16000, np.float32)) is None
    assert short_sound(knock) is None


@pytest.mark.parametrize(("probability", "question"), [(POSSIBLE, "quatre"), (POSSIBLE - 0.01, "Gatre.")])
def test_two_doubtful_ears_that_agree_are_believed(probability: float, question: str) -> None:
    assert heard(Engine("Gatre."), Word("quatre", probability)).question == question


def test_two_ears_that_do_not_agree_are_not() -> None:
    hearing = heard(Engine("Je ne sais pas."), Word("oui", LIKELY - 0.01))
    assert (hearing.question, is_clear(hearing)) == ("Je ne sais pas.", True)


@pytest.mark.parametrize(("writes", "border"), [("D'accord.", POSSIBLE), ("Qu'est-ce que c'est ?", LIKELY)])
def test_what_was_perhaps_another_word_is_asked_for_again_an_answer_sooner_than_a_sentence(
    writes: str, border: float
) -> None:
    assert not is_clear(heard(Engine(writes), Word("deux", border)))
    assert is_clear(heard(Engine(writes), Word("deux", border - 0.01)))
    assert is_clear(heard(Engine(writes), Word("", 1.0)))


@pytest.mark.parametrize("engine", [Engine("Adjon !", "low"), Engine("C'est...", no_speech=0.7)])
def test_a_likely_word_is_believed_where_the_recogniser_doubts_its_own(engine: Engine) -> None:
    hearing = heard(engine, Word("agent", LIKELY))
    assert (hearing.question, is_clear(hearing)) == ("agent", True)
    assert not is_clear(heard(engine, Word("agent", LIKELY - 0.01)))
    assert not is_clear(heard(engine, Word("", 1.0)))


@pytest.mark.parametrize("writes", ["Oui.", "Un."])
def test_a_promise_to_call_back_is_not_made_where_two_ears_disagree(writes: str) -> None:
    likely = (SURE + LIKELY) / 2
    for expecting in Expecting:
        hearing = recogniser_on(Engine(writes), Word("non", likely)).hear(said(0.5), 0.5, expecting=expecting)
        assert not is_clear(hearing)
    doubtful = recogniser_on(Engine("Adjon !", "low"), Word("oui", likely))
    assert not is_clear(doubtful.hear(said(0.5), 0.5, expecting=Expecting.NUMBER))


def test_a_number_being_dictated_is_never_doubted_for_one_of_its_digits() -> None:
    recogniser = recogniser_on(Engine("06 12"), Word("six", LIKELY))
    assert is_clear(recogniser.hear(said(0.5), 0.5, expecting=Expecting.NUMBER))
    assert not is_clear(recogniser.hear(said(0.5), 0.5, expecting=Expecting.QUESTION))
