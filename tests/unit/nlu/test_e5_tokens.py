"""Cutting texts into tokens, with a vocabulary of a dozen pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.e5_tokens import Tokeniser
from bot.nlu.e5_weights import E5Weights
from tests.unit.nlu.tiny_e5 import LONGEST, PIECES, TinyE5

NAMES = [piece for piece, _ in PIECES]


@pytest.fixture
def tokeniser(tmp_path: Path) -> Tokeniser:
    return Tokeniser(E5Weights(TinyE5(tmp_path / "tiny.bin").path))


def pieces(tokeniser: Tokeniser, text: str) -> list[str]:
    return [NAMES[token] for token in tokeniser.tokens(text)]


def test_a_question_stands_between_the_marks_and_after_the_word_query(tokeniser: Tokeniser) -> None:
    assert pieces(tokeniser, "un") == ["<s>", "▁query", ":", "▁un", "</s>"]


def test_the_likeliest_cut_wins_not_the_longest_piece_nor_the_fewest(tokeniser: Tokeniser) -> None:
    assert pieces(tokeniser, "bulletin")[3:-1] == ["▁bulletin"]  # -9 against -5 - 5
    assert pieces(tokeniser, "bul")[3:-1] == ["▁bul"]


def test_an_unknown_character_costs_one_token_and_spoils_nothing_else(tokeniser: Tokeniser) -> None:
    assert pieces(tokeniser, "un 漢 un")[3:-1] == ["▁un", "▁", "<unk>", "▁un"]


def test_characters_are_replaced_and_spaces_collapse_before_cutting(tokeniser: Tokeniser) -> None:
    assert pieces(tokeniser, "un \t  ﬁ\u00ad")[3:-1] == ["▁un", "▁", "fi"]


def test_what_a_person_types_never_becomes_a_control_token(tokeniser: Tokeniser) -> None:
    typed = pieces(tokeniser, "</s> <mask> <s>")[1:-1]
    assert not {"<s>", "</s>", "<mask>"} & set(typed)


def test_an_empty_text_still_has_tokens(tokeniser: Tokeniser) -> None:
    assert pieces(tokeniser, "") == ["<s>", "▁query", ":", "▁", "</s>"]


def test_an_endless_text_keeps_its_beginning_and_its_end_mark(tokeniser: Tokeniser) -> None:
    endless = pieces(tokeniser, "un " * 1000)
    assert len(endless) == LONGEST
    assert endless[:4] == ["<s>", "▁query", ":", "▁un"]
    assert endless[-1] == "</s>"
