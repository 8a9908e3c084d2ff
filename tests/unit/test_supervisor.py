"""Children that start, end, fail and hang, as small real programs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from bot import supervisor
from bot.supervisor import Child, ChildSpec, State, Supervisor

READY = 'print(\'{"event": "ready"}\', flush=True)'


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "_POLL_SECONDS", 0.01)


@pytest.fixture
async def watched() -> AsyncIterator[Supervisor]:
    keeper = Supervisor()
    yield keeper
    await keeper.stop()


def program(code: str, **options: object) -> ChildSpec:
    return ChildSpec("child", [sys.executable, "-c", code], **options)  # type: ignore[arg-type]


async def until(child: Child, state: State) -> None:
    async with asyncio.timeout(10):
        while child.state is not state:
            await asyncio.sleep(0.01)


async def test_a_child_is_ready_when_it_says_so_and_gone_when_stopped(watched: Supervisor) -> None:
    child = watched.add(program(f"{READY}; import time; time.sleep(60)"))
    await until(child, State.READY)
    pid = child.pid
    assert pid
    await watched.stop()
    assert child.state is State.STOPPED
    with pytest.raises(ProcessLookupError):
        import os

        os.kill(pid, 0)


async def test_a_child_that_ends_is_started_again(watched: Supervisor) -> None:
    child = watched.add(program(f"{READY}"))
    async with asyncio.timeout(10):
        while child.restarts < 2:
            await asyncio.sleep(0.01)


async def test_the_reason_of_a_failure_is_kept(watched: Supervisor) -> None:
    child = watched.add(program("import sys; sys.exit('phone.port 5070 is taken')"))
    await until(child, State.WAITING)
    assert child.reason == "phone.port 5070 is taken"


async def test_a_misconfigured_child_is_not_hammered(watched: Supervisor) -> None:
    child = watched.add(program("import sys; print('set phone.port', file=sys.stderr); sys.exit(2)"))
    await until(child, State.WAITING)
    await asyncio.sleep(0.2)
    assert child.restarts == 1
    assert child.reason == "set phone.port"


async def test_a_program_that_does_not_exist_names_the_remedy(watched: Supervisor) -> None:
    child = watched.add(ChildSpec("child", ["/nowhere/python"]))
    await until(child, State.WAITING)
    assert "make setup" in child.reason


async def test_a_child_that_never_gets_ready_is_ended(watched: Supervisor) -> None:
    child = watched.add(program("import time; time.sleep(60)", start_timeout_seconds=0.3))
    await until(child, State.WAITING)
    assert "not ready" in child.reason


async def test_a_child_that_ignores_the_polite_signal_is_killed(
    watched: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_STOP_SECONDS", 0.3)
    code = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}; time.sleep(60)"
    child = watched.add(program(code))
    await until(child, State.READY)
    async with asyncio.timeout(5):
        await watched.stop()
    assert child.pid is None


async def test_what_a_child_announces_is_passed_on_and_anything_else_is_not(watched: Supervisor) -> None:
    told: list[object] = []
    registered = 'print("hello"); print("[1]"); print(\'{"event": "registered"}\', flush=True)'
    child = watched.add(
        program(
            f"{registered}; {READY}; import time; time.sleep(60)", on_event=lambda event: told.append(event["event"])
        )
    )
    await until(child, State.READY)
    assert told == ["registered", "ready"]
