"""The gateway's end of the telephone, with a line process played by the test over a real Unix socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.errors import BadSettings
from voice.framing import Accept, Decoder, Flush, Frame, HangUp, Mark, Transfer, encode
from voice.leg import CallInfo, CallLeg, Key, LineClosed, LineEvent, Played, Sound, TransferFailed
from voice.line_server import LineServer
from voice.socket_leg import MAX_UNREAD_SOUND_BYTES, EventQueue

INFO = CallInfo(line_id="a1", caller="sip:x@y", called="sip:guichet@z", headers={"Diversion": "d"})
SECOND = bytes(16000)


class LineProcess:
    """The other end of the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._decoder = reader, writer, Decoder()

    def send(self, *frames: Frame) -> None:
        self._writer.write(b"".join(map(encode, frames)))

    def send_bytes(self, nonsense: bytes) -> None:
        self._writer.write(nonsense)

    async def receive(self) -> Frame | None:
        """The next frame; None when the gateway has closed the connection."""
        async with asyncio.timeout(5):
            while (frame := self._decoder.next_frame()) is None:
                received = await self._reader.read(4096)
                if not received:
                    return None
                self._decoder.feed(received)
            return frame

    def leave(self) -> None:
        self._writer.close()


Connect = Callable[..., Awaitable[LineProcess]]


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Connect]:
    """Starts a server with the given session and connects to it."""
    servers: list[LineServer] = []
    processes: list[LineProcess] = []

    async def connect(session: Callable[[CallLeg], Awaitable[None]], *first: Frame) -> LineProcess:
        if not servers:
            servers.append(LineServer(tmp_path / "l.sock", session))
            await servers[0].start()
        process = LineProcess(*await asyncio.open_unix_connection(str(tmp_path / "l.sock")))
        processes.append(process)
        process.send(*(first or (INFO,)))
        return process

    yield connect
    for process in processes:
        process.leave()
    for server in servers:
        await server.stop()


async def all_events(leg: CallLeg) -> list[LineEvent]:
    return [event async for event in leg.events()]


async def test_events_arrive_in_order_and_end_with_the_close(line: Connect) -> None:
    seen: asyncio.Future[list[LineEvent]] = asyncio.get_running_loop().create_future()
    infos = []

    async def session(leg: CallLeg) -> None:
        infos.append(leg.info)
        seen.set_result(await all_events(leg))

    process = await line(session)
    assert await process.receive() == Accept()
    happened = [Sound(b"\1\2"), Key("0"), Played("a"), TransferFailed("486"), LineClosed("caller")]
    process.send(*happened)
    assert await asyncio.wait_for(seen, 5) == happened
    assert infos == [INFO]


async def test_commands_reach_the_line_in_order(line: Connect) -> None:
    async def session(leg: CallLeg) -> None:
        await leg.play(b"\1\2" * 20000)
        await leg.mark("end")
        await leg.flush()
        await leg.transfer("sip:agent@host")
        await leg.hangup()
        await all_events(leg)

    process = await line(session)
    assert await process.receive() == Accept()
    assert await process.receive() == Sound(b"\1\2" * 16000)
    assert await process.receive() == Sound(b"\1\2" * 4000)
    assert [await process.receive() for _ in range(4)] == [Mark("end"), Flush(), Transfer("sip:agent@host"), HangUp()]
    process.send(LineClosed("bot"))


async def test_a_session_that_hangs_up_first_refuses_the_call(line: Connect) -> None:
    async def session(leg: CallLeg) -> None:
        await leg.hangup()

    process = await line(session)
    assert await process.receive() == HangUp()


async def test_a_session_that_fails_hangs_up(line: Connect) -> None:
    async def session(leg: CallLeg) -> None:
        await leg.play(SECOND)
        raise RuntimeError

    process = await line(session)
    assert [await process.receive() for _ in range(3)] == [Accept(), Sound(SECOND), HangUp()]


async def test_a_lost_line_process_closes_the_call(line: Connect) -> None:
    seen: asyncio.Future[list[LineEvent]] = asyncio.get_running_loop().create_future()

    async def session(leg: CallLeg) -> None:
        seen.set_result(await all_events(leg))
        await leg.play(SECOND)
        await leg.hangup()

    process = await line(session)
    await process.receive()
    process.leave()
    assert await asyncio.wait_for(seen, 5) == [LineClosed("line_lost")]


@pytest.mark.parametrize("nonsense", [b"\xff\xff\xff", encode(HangUp()), encode(INFO)])
async def test_a_line_process_that_sends_nonsense_loses_its_call_only(line: Connect, nonsense: bytes) -> None:
    seen: asyncio.Queue[list[LineEvent]] = asyncio.Queue()

    async def session(leg: CallLeg) -> None:
        seen.put_nowait(await all_events(leg))

    mad, sane = await line(session), await line(session)
    await mad.receive()
    mad.send_bytes(nonsense)
    assert await asyncio.wait_for(seen.get(), 5) == [LineClosed("protocol_error")]
    sane.send(Key("1"), LineClosed("caller"))
    assert await asyncio.wait_for(seen.get(), 5) == [Key("1"), LineClosed("caller")]


async def test_a_connection_that_does_not_begin_with_a_call_is_closed(line: Connect) -> None:
    async def session(leg: CallLeg) -> None:
        raise AssertionError("no call was announced")

    process = await line(session, Key("1"))
    assert await process.receive() is None


async def test_stopping_hangs_up(tmp_path: Path) -> None:
    async def session(leg: CallLeg) -> None:
        await all_events(leg)

    server = LineServer(tmp_path / "l.sock", session)
    await server.start()
    process = LineProcess(*await asyncio.open_unix_connection(str(tmp_path / "l.sock")))
    process.send(INFO)
    await process.receive()
    stopping = asyncio.create_task(server.stop())
    assert await process.receive() == HangUp()
    process.send(LineClosed("bot"))
    await asyncio.wait_for(stopping, 5)
    assert server.calls == 0
    assert not (tmp_path / "l.sock").exists()


async def test_a_socket_left_behind_is_replaced_but_a_living_gateway_is_not(tmp_path: Path) -> None:
    async def session(leg: CallLeg) -> None: ...

    path = tmp_path / "l.sock"
    path.touch()
    first = LineServer(path, session)
    await first.start()
    with pytest.raises(BadSettings, match="data_dir"):
        await LineServer(path, session).start()
    assert path.stat().st_mode & 0o777 == 0o600
    await first.stop()


async def test_a_path_too_long_for_a_socket_names_its_setting(tmp_path: Path) -> None:
    async def session(leg: CallLeg) -> None: ...

    with pytest.raises(BadSettings, match="data_dir"):
        await LineServer(tmp_path / ("x" * 120), session).start()


async def test_a_stuck_session_costs_bounded_memory_and_still_learns_the_end() -> None:
    queue = EventQueue()
    queue.put(Key("1"))
    for _ in range(100):
        queue.put(Sound(SECOND))
    queue.put(LineClosed("caller"))
    queue.put(Key("2"))
    events = [await queue.get() for _ in range(1 + MAX_UNREAD_SOUND_BYTES // len(SECOND) + 1)]
    assert events[0] == Key("1")
    assert events[-1] == LineClosed("caller")
    assert queue.dropped_bytes == 70 * len(SECOND)
