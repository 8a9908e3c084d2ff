"""Cells of exported tables: nothing is run, nothing is lost, and French spreadsheets read it without being asked."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.sheet import CELL_CHARS_MAX, line, safe
from tests.browser.payloads import FORMULAS, PAYLOADS

PARIS = ZoneInfo("Europe/Paris")
DANGEROUS = "=+-@\t\r\n＝＋－＠"


def read(*lines: bytes) -> list[list[str]]:
    text = b"".join(lines).decode("utf-8")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))


def kept(text: str) -> str:
    """The text without what no spreadsheet keeps."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char in "\n\t" or (ord(char) >= 0x20 and ord(char) != 0x7F))


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_is_one_cell_the_same_text_and_no_formula(text: str) -> None:
    [[before, cell, after]] = read(line(["a", text, "b"], PARIS))
    assert (before, after) == ("a", "b")
    assert cell in (kept(text), f"'{kept(text)}")
    assert not cell or cell[0] not in DANGEROUS


@pytest.mark.parametrize(
    "text",
    [
        *FORMULAS, "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "\ufeff=1+1", "\u200b=1+1", "\x00=1+1", "\u202e=1+1",
        "＝1+1", "＋1", "－1", "＠SUM(A1)", "-1", "+", "=", "@jeanne", "\t=1", "+33 6 12 = 4", "+1+cmd|' /C calc'!A0",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe(text).startswith("'")
    assert safe(text)[1:] == kept(text)


@pytest.mark.parametrize("text", ["Bonjour", "a=b", "1-2", "l’été", "'=1", "(=1)", "1 = 1", "", "  "])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+33612345678", "06 12 34 56 78"),
        ("+33 6 12 34 56 78", "06 12 34 56 78"),
        ("+442079460018", "00 44 20 7946 0018"),
        ("+32470123456", "00 32 470 12 34 56"),
    ],
)
def test_a_telephone_number_reads_as_it_is_dialled_and_is_no_sum(number: str, written: str) -> None:
    assert safe(number) == written


def test_a_number_that_is_none_is_a_formula_like_any_other() -> None:
    assert safe("+1-1-1-1-1") == "'+1-1-1-1-1"
    assert safe("+33612345678=1") == "'+33612345678=1"


def test_quotes_separators_and_lines_stay_within_the_cell() -> None:
    text = 'Il a dit « "oui" ; non »\r\npuis\rrien\n'
    written = line([text, 3, None], PARIS)
    assert written.endswith(b"\r\n")
    assert written.count(b"\r") == 1
    assert read(written) == [['Il a dit « "oui" ; non »\npuis\nrien\n', "3", ""]]


def test_a_text_that_is_longer_than_a_cell_is_cut() -> None:
    cell = safe("x" * 40_000 + "=1+1")
    assert len(cell) <= CELL_CHARS_MAX + 1
    assert cell.endswith("…")


def test_times_are_those_of_the_service_and_numbers_are_french() -> None:
    summer, winter = datetime(2026, 7, 1, 10, 5, tzinfo=UTC), datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert line([summer, winter, 1.5, 12], PARIS) == b"2026-07-01 12:05:00;2026-11-23 00:30:00;1,50;12\r\n"


@given(st.lists(st.text() | st.integers() | st.none(), min_size=1, max_size=6))
def test_whatever_is_in_the_cells_there_is_one_row_of_as_many_and_none_begins_as_a_formula(
    values: list[str | int | None],
) -> None:
    [row] = read(line(["first", *values], PARIS))
    assert len(row) == len(values) + 1
    for value, cell in zip(values, row[1:], strict=True):
        if isinstance(value, str) and cell:
            assert cell[0] not in DANGEROUS
