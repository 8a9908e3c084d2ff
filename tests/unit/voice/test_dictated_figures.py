"""Which figures were dictated, from number words that may be read in several ways."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from voice.dictated_figures import SURE, dictated, readings
from voice.french.figures import in_pairs
from voice.number_ear import OTHER, TOKENS, Way


def words(number: str) -> list[str]:
    """As a pair is said."""
    if number[0] == "0":
        return ["zéro", *words(number[1:])] if len(number) > 1 else ["zéro"]
    return str(num2words(int(number), lang="fr")).replace("-", " ").replace("vingts", "vingt").split()


def best(text: str) -> str:
    found = readings(text.split())
    return max(found, key=lambda figures: found[figures], default="")


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("zéro six douze trente quatre", "061234"),
        ("quatre vingt dix sept", "97"),
        ("vingt quatre vingt un", "2081"),
        ("vingt et un", "21"),
        ("soixante et onze", "71"),
        ("zéro zéro sept", "007"),
        ("six sept huit", "678"),
        ("", ""),
        ("et", ""),
        ("un et", ""),
    ],
)
def test_number_words_become_the_figures_that_are_meant_most_often(text: str, figures: str) -> None:
    assert best(text) == figures


@given(st.lists(st.integers(0, 99), min_size=4, max_size=4), st.integers(1, 9))
def test_a_telephone_number_in_pairs_is_read_rightly_whatever_its_pairs(pairs: list[int], area: int) -> None:
    number = f"0{area}" + "".join(f"{pair:02}" for pair in pairs)
    said = [words(number[at : at + 2]) for at in range(0, 10, 2)]
    begun = itertools.accumulate(0.3 if place else 0.9 for pair in said for place, _ in enumerate(pair))
    row = tuple(word for pair in said for word in pair)
    assert set(row) <= set(TOKENS)
    assert dictated([Way(row, 1.0, tuple(begun))]).figures == number


def test_two_pairs_that_may_be_one_number_are_taken_for_one_and_the_rest_is_waited_for() -> None:
    assert figures_of("zéro un zéro zéro quatre vingt dix zéro zéro") == "01009000"


def figures_of(text: str) -> str:
    return dictated([Way(tuple(text.split()), 1.0)]).figures


def test_the_length_of_a_telephone_number_tells_which_of_two_readings_it_is() -> None:
    assert figures_of("zéro un vingt quatre douze treize sept") == "0120412137"
    assert figures_of("zéro un vingt quatre douze treize") == "01241213", "a part of one"
    assert figures_of("zéro un vingt quatre douze treize seize") == "0124121316"


@pytest.mark.parametrize(
    ("text", "late", "figures"),
    [
        ("zéro un quarante quatre vingt cinq dix onze", "vingt", "0144251011"),
        ("zéro un quarante quatre vingt cinq dix onze", "quatre", "0140851011"),
        ("zéro un soixante dix douze treize", "dix", "0160101213"),
        ("quatre vingt dix sept", "", "97"),
        ("quatre vingt dix sept", "dix", "8017"),
    ],
)
def test_a_word_that_comes_late_begins_another_number(text: str, late: str, figures: str) -> None:
    words = text.split()
    begun = itertools.accumulate(0.9 if word == late else 0.3 for word in words)
    assert dictated([Way(tuple(words), 1.0, tuple(begun))]).figures == figures


def test_the_times_of_other_words_do_not_count() -> None:
    words = ("zéro", "un", "quarante", "quatre", OTHER, "vingt", "cinq")
    begun = (0.0, 0.3, 0.9, 1.2, 1.5, 2.2, 2.5)
    assert dictated([Way(words, 1.0, begun)]).figures == "014425"


def test_of_two_ways_to_hear_it_the_one_that_is_a_whole_number_is_likelier() -> None:
    whole, short = "zéro six douze trente seize onze", "zéro six douze trente seize un"
    heard = dictated([Way(tuple(short.split()), 0.6), Way(tuple(whole.split()), 0.4)])
    assert (heard.figures, heard.sure) == ("0612301611", True)


def test_two_numbers_that_are_as_likely_are_not_sure() -> None:
    one, other = "zéro six douze trente seize onze", "zéro six deux trente seize treize"
    heard = dictated([Way(tuple(one.split()), 0.5), Way((*other.split(), "un"), 0.5)])
    assert heard.probability >= SURE
    heard = dictated([Way(tuple(one.split()), 0.5), Way(tuple(one.replace("onze", "seize").split()), 0.5)])
    assert heard.probability == pytest.approx(0.5)
    three = [Way(tuple(one.replace("onze", last).split()), 1 / 3) for last in ("onze", "douze", "seize")]
    assert not dictated(three).sure


@pytest.mark.parametrize("text", ["", OTHER, f"{OTHER} {OTHER}", "un", f"{OTHER} un", "et un"])
def test_other_words_silence_and_a_lone_figure_are_no_number(text: str) -> None:
    assert not dictated([Way(tuple(text.split()), 1.0)]).sure


def test_what_is_said_around_a_number_does_not_count() -> None:
    heard = dictated([Way((OTHER, "zéro", "six", OTHER, "douze", "vingt", OTHER), 1.0)])
    assert (heard.figures, heard.sure) == ("061220", True)


def test_a_question_with_a_number_in_it_is_no_number() -> None:
    question = Way((OTHER, "quarante", OTHER, "quatorze"), 0.7)
    assert not dictated([question, Way(("quarante", "quatorze"), 0.3)]).sure
    assert dictated([question, Way(("quarante", "quatorze"), 0.8)]).sure


def test_nothing_heard_at_all_is_no_number() -> None:
    assert not dictated([]).sure


def test_figures_are_written_in_pairs() -> None:
    assert [in_pairs(figures) for figures in ("", "6", "0612", "061")] == ["", "6", "06 12", "06 1"]
