"""Whether the PBX has us: said once in the log when it changes, in the metrics, and in /health."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bot.health import Condition
from bot.metrics import Metrics
from bot.registration import Registration
from bot.supervisor import Child, ChildSpec, State

LOST = {"event": "registration_failed", "reason": "401 Unauthorized (udp): check phone.account and phone.password."}
THERE = {"event": "registered"}


@pytest.fixture
def line() -> Child:
    child = Child(ChildSpec("phone", []))
    child.state = State.READY
    return child


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


async def test_a_line_without_an_account_is_well_when_it_runs(line: Child, metrics: Metrics) -> None:
    registration = Registration(metrics)
    registration.told({"event": "ready", "uri": "sip:guichet@127.0.0.1:5070"})
    assert (await registration.part(line)).condition is Condition.OK


async def test_a_line_that_nobody_can_call_is_down_with_the_remedy(line: Child, metrics: Metrics) -> None:
    registration = Registration(metrics)
    registration.told(LOST)
    part = await registration.part(line)
    assert part.condition is Condition.DOWN
    assert "Not registered: 401" in part.detail
    assert "phone.password" in part.detail
    registration.told(THERE)
    assert (await registration.part(line)).condition is Condition.OK


async def test_of_a_line_that_does_not_run_its_own_fault_is_told(line: Child, metrics: Metrics) -> None:
    registration = Registration(metrics)
    registration.told(LOST)
    line.state, line.reason, line.restarts = State.STARTING, "phone.port is taken", 1
    assert "phone.port is taken" in (await registration.part(line)).detail


def test_a_registration_that_is_lost_and_regained_is_one_line_each_in_the_log(metrics: Metrics) -> None:
    registration = Registration(metrics)
    with capture_logs() as logs:
        for event in (THERE, THERE, LOST, LOST, LOST, THERE, THERE):
            registration.told(event)
    assert [entry["event"] for entry in logs] == [
        "phone.registered",
        "phone.registration_failed",
        "phone.registered",
    ]
    assert logs[1]["reason"] == LOST["reason"]


async def test_a_line_that_was_started_again_has_yet_to_register(line: Child, metrics: Metrics) -> None:
    registration = Registration(metrics)
    registration.told(LOST)
    registration.told({"event": "ready", "uri": "sip:guichet@127.0.0.1:5070"})
    assert (await registration.part(line)).condition is Condition.OK, "what was wrong before may be mended"
    with capture_logs() as logged:
        registration.told(THERE)
        registration.told({"event": "ready", "uri": "sip:guichet@127.0.0.1:5070"})
        registration.told(THERE)
        registration.told(LOST)
    assert [one["event"] for one in logged] == ["phone.registered"] * 2 + ["phone.registration_failed"]
