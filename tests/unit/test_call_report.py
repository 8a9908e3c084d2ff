"""What `guichet call` prints of each turn."""

from __future__ import annotations

from dataclasses import replace

from bot.callers import TurnReport
from bot.commands.call import _as_text

ASKED = TurnReport(1, "adherer.wav", None, "Comment adhérer ?", 0.9, "adherer", "answered", "Voici.", 640)


def test_a_question_is_shown_with_what_was_heard_and_said() -> None:
    assert _as_text(ASKED) == (
        "1. adherer.wav: Comment adhérer ?\n   [answered] adherer, answered after 640 ms\n   Voici."
    )
    key = replace(ASKED, file=None, key="0", heard="", outcome="handover", intent=None)
    assert _as_text(key).startswith("1. key 0\n   [handover] ?, ")


def test_a_number_that_was_dictated_is_no_question_and_is_not_shown_as_one() -> None:
    number = TurnReport(2, "numero.wav", None, None, None, None, None, None, 900)
    assert _as_text(number) == "2. numero.wav\n   [no question to the bot] answered after 900 ms"
