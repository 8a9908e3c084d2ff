"""n-grams."""

import numpy as np
import pytest

from bot.nlu.lexical import LexicalFeatures, TfIdf, character_grams, word_grams


def test_character_grams_stay_inside_words_and_mark_their_ends() -> None:
    grams = list(character_grams("la dpae", 2, 3))
    assert " la" in grams
    assert "ae " in grams
    assert not any(" " in gram.strip() for gram in grams)


def test_word_grams_are_words_and_neighbours() -> None:
    assert list(word_grams("date limite dpae")) == ["date", "limite", "dpae", "date limite", "limite dpae"]


def test_a_rare_term_weighs_more_than_a_common_one() -> None:
    family = TfIdf.learn([["le", "siret"], ["le", "bulletin"], ["le", "le"]], at_least=1)
    columns, weights = family.weigh(["le", "siret"])
    weight = dict(zip((family.terms[c] for c in columns), weights, strict=True))
    assert weight["siret"] > weight["le"]
    assert np.linalg.norm(weights) == pytest.approx(1.0)


def test_terms_below_the_count_and_unknown_terms_are_left_out() -> None:
    family = TfIdf.learn([["a", "b"], ["a"]], at_least=2)
    assert family.terms == ["a"]
    columns, weights = family.weigh(["zzz"])
    assert columns == []
    assert len(weights) == 0


def test_a_mistyped_word_still_shares_most_features_with_the_right_one() -> None:
    features = LexicalFeatures.learn(["bulletin de paie", "bulletin de salaire", "date limite", "date de paie"], 0.6)

    def dense(text: str) -> np.ndarray:
        row = np.zeros(features.size, dtype=np.float32)
        columns, weights = features.columns_of(text)
        row[columns] = weights
        return row

    typo = dense("buletin de paie")
    assert typo @ dense("bulletin de paie") > 2 * (typo @ dense("date limite"))
