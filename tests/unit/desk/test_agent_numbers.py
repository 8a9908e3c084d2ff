"""Where an agent may be rung, and which ways to take a call an installation has."""

from __future__ import annotations

import pytest

from bot.desk.agent_numbers import DEFAULT_EXTENSIONS, AgentNumbers
from bot.desk.policy import Policy
from bot.desk.refusals import Unusable
from bot.errors import BadSettings
from bot.settings import DeskSettings, PhoneSettings

NUMBERS = AgentNumbers("2[0-9]{2}", ("+331", "+336"))


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("214", "214"),
        (" 2 14 ", "214"),
        ("06 12 34 56 78", "+33612345678"),
        ("+33 1 23 45 67 89", "+33123456789"),
    ],
)
def test_an_extension_is_dialled_as_it_is_and_a_line_in_full(written: str, dialled: str) -> None:
    assert NUMBERS.dialled(written) == dialled


@pytest.mark.parametrize(
    "written",
    [
        "", "314", "2145", "15", "0899123456", "3977", "+4930901820", "04 78 12 34 56", "214@pbx.example", "214;x=1",
        "２１４", "214\n", "sip:214", "*21*0612345678#",
    ],
)  # fmt: skip
def test_nothing_else_is_dialled(written: str) -> None:
    with pytest.raises(Unusable) as refusal:
        NUMBERS.dialled(written)
    assert refusal.value.code == "bad_number"


@pytest.mark.parametrize("extension", ["20", "36", "99", "214", "300", "4521", "2000", "9999", "30112", "300000"])
def test_by_default_the_usual_extensions_are_dialled(extension: str) -> None:
    assert AgentNumbers().dialled(extension) == extension


SERVICES = ["10", "13", "1044", "1023", "3000", "3237", "39 77", "3919", "0", "00", "03", "0899", "1", "1000000"]


@pytest.mark.parametrize("number", SERVICES)
def test_by_default_numbers_of_services_are_not_dialled(number: str) -> None:
    with pytest.raises(Unusable):
        AgentNumbers().dialled(number)


@pytest.mark.parametrize("extension", ["10", "19", "1044", "3237", "012"])
def test_an_operator_may_name_such_extensions_of_the_pbx(extension: str) -> None:
    assert AgentNumbers("[0-9*]{1,6}").dialled(extension) == extension


HELP = ["15", "17", "18", "1 12", "114", "115", "119", "191", "196", "197", "116000", "116117", "118218", "118 000"]


@pytest.mark.parametrize("number", [*HELP, *(f"0{one}" for one in HELP)])
@pytest.mark.parametrize("extensions", [DEFAULT_EXTENSIONS, "[0-9]{2,7}", ".*"])
def test_calls_for_help_and_the_directories_are_never_dialled(number: str, extensions: str) -> None:
    with pytest.raises(Unusable) as refusal:
        AgentNumbers(extensions, ("+33",)).dialled(number)
    assert refusal.value.code == "bad_number"


def test_without_a_pbx_there_are_no_extensions() -> None:
    with pytest.raises(Unusable):
        AgentNumbers("").dialled("214")


def test_the_settings_begin_with_the_same_expression() -> None:
    assert DeskSettings().agent_extensions == DEFAULT_EXTENSIONS


def test_no_expression_is_refused_at_the_start() -> None:
    with pytest.raises(BadSettings, match="agent_extensions"):
        AgentNumbers("[0-9")


def test_the_ways_are_those_that_this_installation_can_go() -> None:
    desk = DeskSettings(call_ways=["phone", "browser", "transfer"])
    dials = PhoneSettings(dial_as="sip:{number}@pbx.example", callback_allowed="+33, +32")
    policy = Policy.from_settings(desk, dials)
    assert (policy.calls, policy.call_ways) == (True, ("phone", "browser", "transfer"))
    assert policy.numbers.prefixes == ("+33", "+32")
    assert Policy.from_settings(desk, PhoneSettings()).call_ways == ("browser",)
    assert not Policy.from_settings(DeskSettings(call_ways=["phone"]), PhoneSettings()).calls
    assert not Policy.from_settings(DeskSettings(calls="line"), dials).calls
    assert not Policy.from_settings(desk).calls  # no telephone at all
