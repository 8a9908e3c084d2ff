"""Which numbers the service would ever dial."""

from __future__ import annotations

import pytest

from bot.errors import NotAllowed
from bot.phone_numbers import dialable, is_mobile, normalised


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("0612345678", "+33612345678"),
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("01-62-34-56-78", "+33162345678"),
        ("+33612345678", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("33612345678", "+33612345678"),
        ("0690001234", "+590690001234"),
        ("0262123456", "+262262123456"),
        ("+262693123456", "+262693123456"),
        ("+32470123456", "+32470123456"),
    ],
)
def test_a_persons_number_is_written_in_one_way(written: str, dialled: str) -> None:
    assert normalised(written) == dialled


NEVER = [
    "15", "17", "18", "112", "114", "119", "196", "+33112", "3949", "0033 3949", "1014", "118218", "118 712",
    "0899123456", "08 90 12 34 56", "+33899123456", "0820123456", "0800123456", "0809123456",
    "+882161234567", "+33", "0", "", "anonymous", "unavailable", "0000000000", "0612345", "06123456789012345",
    "0612345678;ext=12", "0612345678,,1234#", "sip:0612345678@example.org", "<script>", "0612345678\n0899123456",
    "+" + "9" * 5000, "٠٦١٢٣٤٥٦٧٨",
]  # fmt: skip


@pytest.mark.parametrize("number", NEVER)
def test_short_premium_emergency_and_malformed_numbers_are_never_dialled(number: str) -> None:
    with pytest.raises(NotAllowed):
        dialable(number, ["+", "+1", "+2", "+3", "+33", "+8", "+882", "+9", ""])


def test_nothing_may_be_dialled_until_the_operator_says_so() -> None:
    with pytest.raises(NotAllowed, match=r"phone\.callback_allowed"):
        dialable("0612345678", [])
    with pytest.raises(NotAllowed):
        dialable("0612345678", ["", "+", "33", "0", "+33x"])


def test_only_allowed_beginnings_are_dialled() -> None:
    assert dialable("0612345678", ["+590", "+33"]) == "+33612345678"
    assert dialable("0612345678", ["+336"]) == "+33612345678"
    for number, allowed in (("0162345678", ["+336"]), ("0690001234", ["+33"]), ("+32470123456", ["+33"])):
        with pytest.raises(NotAllowed):
            dialable(number, allowed)


def test_a_refusal_does_not_repeat_the_number() -> None:
    for allowed in ([], ["+33"]):
        with pytest.raises(NotAllowed) as refusal:
            dialable("0899123456" if allowed else "0612345678", allowed)
        assert "12345" not in str(refusal.value)


@pytest.mark.parametrize(
    ("number", "mobile"),
    [
        ("0612345678", True),
        ("+33761234567", True),
        ("+590690001234", True),
        ("0162345678", False),
        ("0899123456", False),
        ("anonymous", False),
        ("", False),
    ],
)
def test_text_messages_go_to_mobiles_only(number: str, mobile: bool) -> None:
    assert is_mobile(number) is mobile
