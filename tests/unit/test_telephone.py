"""The telephone's wiring: who calls, who may be called back, and what a line process is started with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import Busy, Conflict, LineUnavailable, NotAllowed
from bot.notify import HookNotifier, Notice
from bot.opening_calendar import Calendar, Range
from bot.opening_hours import Hours
from bot.settings import PhoneSettings, Settings
from bot.telephone import PromisedCalls, caller_number, line_process, patience, to_people
from tests.unit.voice.test_calls import idle
from voice.calls import LiveCall
from voice.framing import DialFailed
from voice.leg import CallInfo

MOBILE = "+33612345678"
DIALLING = PhoneSettings(dial_as="sip:{number}@pbx.example", callback_allowed="+33")


class FakeLine:
    can_dial = True

    def __init__(self, *, fails: bool = False) -> None:
        self.dialled: list[tuple[str, str]] = []
        self.fails = fails

    async def dial(self, target: str, reference: str) -> None:
        if self.fails:
            raise LineUnavailable("no line")
        self.dialled.append((target, reference))


def promised(line: FakeLine, *live: LiveCall, phone: PhoneSettings = DIALLING) -> PromisedCalls:
    made = PromisedCalls(Settings(phone=phone))
    made.serve(idle(*live), line)
    return made


@pytest.mark.parametrize(
    ("info", "number"),
    [
        (CallInfo("1", caller="sip:0612345678@pbx.example"), MOBILE),
        (CallInfo("1", caller="sip:+33612345678@pbx;user=phone"), MOBILE),
        (CallInfo("1", caller="sip:100@pbx", headers={"P-Asserted-Identity": '"A" <sip:0612345678@pbx>'}), MOBILE),
        (CallInfo("1", caller="tel:+33612345678"), MOBILE),
        (CallInfo("1", caller="0612345678"), MOBILE),
        (CallInfo("1", caller="sip:anonymous@anonymous.invalid"), ""),
        (CallInfo("1", caller="sip:100@pbx"), ""),
        (CallInfo("1"), ""),
    ],
)
def test_the_caller_s_number_is_read_from_what_the_line_says(info: CallInfo, number: str) -> None:
    assert caller_number(info) == number


async def test_a_promised_callback_is_dialled_to_the_pbx() -> None:
    line = FakeLine()
    await promised(line).call_back("c1", "06 12 34 56 78")
    assert line.dialled == [(f"sip:{MOBILE}@pbx.example", "c1")]


async def test_a_second_callback_waits_for_the_end_of_the_first() -> None:
    line = FakeLine()
    calling = promised(line)
    await calling.call_back("c1", MOBILE)
    with pytest.raises(Conflict):
        await calling.call_back("c1", MOBILE)
    calling.failed(DialFailed("c1", "486"))
    await calling.call_back("c1", MOBILE)
    assert len(line.dialled) == 2


async def test_nobody_is_called_back_twice_while_the_call_is_on() -> None:
    with pytest.raises(Conflict):
        await promised(FakeLine(), LiveCall("new", "line", reference="c1")).call_back("c1", MOBILE)


@pytest.mark.parametrize("number", ["0899123456", "17", "+4915112345678", "sip:x@y"])
async def test_only_allowed_numbers_are_dialled(number: str) -> None:
    line = FakeLine()
    with pytest.raises(NotAllowed):
        await promised(line).call_back("c1", number)
    assert line.dialled == []


async def test_by_default_nothing_is_dialled() -> None:
    with pytest.raises(NotAllowed):
        await promised(FakeLine(), phone=PhoneSettings(dial_as="sip:{number}@pbx")).call_back("c1", MOBILE)
    with pytest.raises(LineUnavailable, match="dial_as"):
        await promised(FakeLine(), phone=PhoneSettings(callback_allowed="+33")).call_back("c1", MOBILE)


async def test_callers_come_first_when_all_places_are_taken() -> None:
    with pytest.raises(Busy):
        await promised(FakeLine(), LiveCall("a", "1"), LiveCall("b", "2")).call_back("c1", MOBILE)


async def test_a_line_that_cannot_dial_may_be_asked_again() -> None:
    line = FakeLine(fails=True)
    calling = promised(line)
    with pytest.raises(LineUnavailable):
        await calling.call_back("c1", MOBILE)
    line.fails = False
    await calling.call_back("c1", MOBILE)
    assert line.dialled


async def test_links_go_to_mobiles_only_and_only_where_something_sends_them() -> None:
    async def deliver(notice_id: str, notice: Notice) -> None: ...

    sending = to_people(Settings(), HookNotifier(deliver))
    assert sending.link_for("c1", MOBILE) is not None
    assert sending.link_for("c1", "+33145678901") is None
    assert to_people(Settings(), HookNotifier(None)).link_for("c1", MOBILE) is None


def test_outside_the_hours_callers_are_told_them_and_when_they_begin_again() -> None:
    office = (Range(9 * 60, 17 * 60),)
    hours = Hours({"": Calendar((*(office,) * 5, (), ()))})
    sunday, monday = (datetime(2026, 11, day, 10, tzinfo=UTC) for day in (22, 23))
    told = to_people(Settings(), HookNotifier(None), hours, lambda: sunday).closed()
    assert told is not None
    assert (told.hours.replace("\u00a0", " "), told.reopening.replace("\u00a0", " ")) == (
        "du lundi au vendredi, de 9 h à 17 h",
        "demain à 9 h",
    )
    assert to_people(Settings(), HookNotifier(None), hours, lambda: monday).closed() is None
    assert to_people(Settings(), HookNotifier(None)).closed() is None


def test_every_patience_setting_reaches_the_call() -> None:
    settings = Settings(conversation={"turn_over_digits_seconds": 2.5, "interrupt_seconds": 0.3})  # type: ignore[arg-type]
    assert (patience(settings).turn_over_digits_seconds, patience(settings).interrupt_seconds) == (2.5, 0.3)


def test_the_longest_wait_in_the_queue_is_the_desk_s_and_a_call_s_own_limit_comes_after_it() -> None:
    assert 180 < patience(Settings(desk={"call_wait_minutes": 3})).call_wait_seconds < 210  # type: ignore[arg-type]


def test_secrets_are_in_the_environment_of_a_line_not_in_its_arguments() -> None:
    settings = Settings(phone=PhoneSettings(password=SecretStr("geheim")))
    child = line_process(settings, "voice.sip", Path("/run/line.sock"))
    assert "geheim" not in " ".join(child.argv)
    assert child.env["GUICHET_PHONE__PASSWORD"] == "geheim"
