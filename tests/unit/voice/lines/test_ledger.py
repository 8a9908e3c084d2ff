"""What a dialplan is told."""

from __future__ import annotations

from voice.lines import ledger
from voice.lines.ledger import Announcement, CallLedger, Ending, Next

WHO = Announcement("+33199001234", "4100")


def test_an_announced_call_is_taken_once_within_a_minute() -> None:
    calls = CallLedger()
    first, second = calls.announce(WHO, now=0), calls.announce(WHO, now=0)
    assert first != second
    assert calls.take(first, now=59) == WHO
    assert calls.take(first, now=59) is None
    assert calls.take(second, now=60) is None
    assert calls.take("never announced", now=0) is None


def test_the_dialplan_learns_how_a_call_ended_for_ten_minutes() -> None:
    calls = CallLedger()
    ending = Ending(Next.PERSON, "transferred", "sip:200@pbx.example")
    calls.end("a", ending, now=0)
    assert calls.ending("a", now=599) == ending
    assert calls.ending("a", now=600).next is Next.FAILED
    assert calls.ending("unknown", now=0).next is Next.FAILED, "to people"


def test_neither_list_grows_without_end() -> None:
    calls = CallLedger()
    ids = [calls.announce(WHO, now=0) for _ in range(ledger.MAX_ENTRIES + 1)]
    assert calls.take(ids[0], now=0) is None
    assert calls.take(ids[1], now=0) == WHO
    for number in range(ledger.MAX_ENTRIES + 1):
        calls.end(str(number), Ending(Next.END, "bot"), now=0)
    assert calls.ending("0", now=0).next is Next.FAILED
    assert calls.ending("1", now=0).next is Next.END
