"""Who may connect, how many, and how fast a hand presses keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest

from bot.errors import BadSettings, Busy
from bot.settings import Settings
from voice import framing
from voice.leg import CallInfo
from voice.lines.bridge import MAX_KEYS_PER_SECOND, KeyLimit
from voice.lines.calls import MAX_AT_THE_DOOR, LineCalls
from voice.lines.far_side import FarEvent
from voice.sip.play_queue import PlayQueue


def calls(
    *, peers: str = "127.0.0.0/8, ::1, 192.0.2.0/24", max_calls: int = 2, gateway: Path = Path("/nowhere")
) -> LineCalls:
    settings = Settings(phone={"max_calls": max_calls}, lines={"allowed_peers": peers})  # type: ignore[arg-type]
    return LineCalls(settings, gateway)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("192.0.2.200", True),
        ("::ffff:192.0.2.200", True),
        ("::1", True),
        ("198.51.100.1", False),
        ("2001:db8::1", False),
        ("fe80::1%eth0", False),
        ("", False),
        (None, False),
        ("pbx.example", False),
    ],
)
def test_only_the_listed_networks_come_in(address: str | None, allowed: bool) -> None:
    assert calls().allows(address) is allowed


def test_an_empty_list_lets_nobody_in() -> None:
    assert not calls(peers="").allows("127.0.0.1")


def test_a_list_that_is_none_names_the_setting() -> None:
    with pytest.raises(BadSettings, match=r"lines\.allowed_peers"):
        calls(peers="pbx.example")


async def test_places_are_given_back() -> None:
    line = calls(max_calls=1)
    async with line.place():
        assert not await line.has_place()
        with pytest.raises(Busy):
            await line.place().__aenter__()
    assert await line.has_place()


class Gone:
    """A caller who has hung up."""

    async def events(self) -> AsyncIterator[FarEvent]:
        for event in ():
            yield event

    def transmit(self, queue: PlayQueue, now: float) -> list[str]:
        return []

    def flush(self) -> list[str]:
        return []

    async def close(self) -> None: ...


@pytest.mark.parametrize("come_in", [LineCalls.place, LineCalls.door])
async def test_who_comes_while_the_gateway_ends_the_last_call_is_not_refused(
    tmp_path: Path, come_in: Callable[[LineCalls], AbstractAsyncContextManager[None]]
) -> None:
    was_told, may_end = asyncio.Event(), asyncio.Event()

    async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(framing.encode(framing.Accept()))
        await reader.read(-1)
        was_told.set()
        await may_end.wait()
        writer.close()

    async def call() -> None:
        async with line.place():
            await line.carry(Gone(), CallInfo(line_id="the last one"))

    line = calls(max_calls=1, gateway=tmp_path / "l.sock")
    async with await asyncio.start_unix_server(gateway, tmp_path / "l.sock"):
        last = asyncio.create_task(call())
        await was_told.wait()
        asyncio.get_running_loop().call_later(0.05, may_end.set)
        async with come_in(line):
            await last


async def test_the_door_has_its_own_end() -> None:
    line = calls(max_calls=1)
    async with AsyncExitStack() as held:
        for _ in range(MAX_AT_THE_DOOR):
            await held.enter_async_context(line.door())
        with pytest.raises(Busy):
            await line.door().__aenter__()
        async with line.place():
            pass


def test_keys_come_at_most_as_fast_as_a_hand() -> None:
    limit = KeyLimit()
    assert sum(limit.allows(now=0.001 * number) for number in range(1000)) == MAX_KEYS_PER_SECOND
    assert limit.allows(now=1.0)
