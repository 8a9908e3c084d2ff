"""Using what is known of sounds; fitting it needs the Rasa environment (tests/integration/test_dialogue.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.nlu.lexical import TfIdf
from bot.nlu.sound import FILE, SoundFeatures, SoundModel, sound_grams

KNOWN = {
    "siret": "est-ce qu'il faut un numéro Siret pour s'inscrire",
    "heures": "à quelle heure répond-on sans rendez-vous",
    "volet": "comment remplir le volet social",
}


def model() -> SoundModel:
    """Each class is as likely as its example sounds like the text."""
    features = SoundFeatures(TfIdf.learn((sound_grams(text) for text in KNOWN.values()), at_least=1))
    weights = np.zeros((features.size, len(KNOWN)), dtype=np.float32)
    for place, text in enumerate(KNOWN.values()):
        columns, shares = features.columns_of(text)
        weights[columns, place] = 16 * shares
    return SoundModel(classes=list(KNOWN), features=features, weights=weights, bias=np.zeros(len(KNOWN), np.float32))


def best(text: str) -> str:
    found = model().predict(text)
    return max(found, key=lambda name: found[name])


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Est-ce qu'il faut dans le numéro si réponds sans crier ?", "siret"),
        ("un nu mérou si raie pour ça inscrire", "siret"),
        ("comment rend plire le volée sociale", "volet"),
        ("COMMENT REMPLIR LE VOLET SOCIAL", "volet"),
        ("à quel leurre et pond ton sans rendez-vous", "heures"),
    ],
)
def test_other_words_that_sound_like_a_question_are_that_question(heard: str, meant: str) -> None:
    assert best(heard) == meant


def test_sounds_run_on_from_word_to_word() -> None:
    assert list(sound_grams("volet social")) == list(sound_grams("vol est sociale"))
    assert list(sound_grams("l’Urssaf")) == list(sound_grams("l'ursaf"))


@pytest.mark.parametrize("text", ["", "?", "日本語 😀", "12 34", "zut"])
def test_whatever_is_heard_has_probabilities_that_add_up(text: str) -> None:
    found = model().predict(text)
    assert set(found) == set(KNOWN)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-5)


def test_what_is_kept_predicts_the_same_and_can_run_no_code(tmp_path: Path) -> None:
    known = model()
    known.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    with np.load(tmp_path / FILE, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)
    text = "le volée social"
    assert SoundModel.load(tmp_path).predict(text) == pytest.approx(known.predict(text), abs=1e-2)
