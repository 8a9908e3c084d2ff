"""The gateway's end of the telephone, with a line process played by the test over a real Unix socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.errors import BadSettings, LineUnavailable
from voice.framing import (
    Accept,
    CanDial,
    Decoder,
    Dial,
    DialFailed,
    Flush,
    Frame,
    HangUp,
    Mark,
    StopDialling,
    Transfer,
    encode,
)
from voice.leg import CallInfo, CallLeg, Key, LineClosed, LineEvent, Played, Sound, TransferFailed
from voice.line_client import offer_call
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


async def test_the_reason_of_the_end_is_read_though_the_gateway_is_speaking(tmp_path: Path) -> None:
    closing = asyncio.Event()
    ended: asyncio.Future[LineEvent] = asyncio.get_running_loop().create_future()

    async def session(leg: CallLeg) -> None:
        async def speak() -> None:
            await closing.wait()
            while True:
                await leg.play(b"\1\2")
                await asyncio.sleep(0)

        speaking = asyncio.create_task(speak())
        ended.set_result((await all_events(leg))[-1])
        speaking.cancel()

    server = LineServer(tmp_path / "l.sock", session)
    await server.start()
    link = await offer_call(tmp_path / "l.sock", INFO)
    close = asyncio.create_task(link.close("line_protocol_error"))
    closing.set()  # so that the next word falls between the line's last frame and its reading
    assert await asyncio.wait_for(ended, 5) == LineClosed("line_protocol_error")
    await close
    await server.stop()


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


async def test_stopping_leaves_the_calls_to_their_line_rather_than_hang_up_on_people(tmp_path: Path) -> None:
    async def session(leg: CallLeg) -> None:
        await all_events(leg)

    server = LineServer(tmp_path / "l.sock", session)
    await server.start()
    process = LineProcess(*await asyncio.open_unix_connection(str(tmp_path / "l.sock")))
    process.send(INFO)
    await process.receive()
    stopping = asyncio.create_task(server.stop())
    assert await process.receive() is None
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


class DiallingServer:
    """A server that notes its calls and failed dials, and one line that can dial."""

    def __init__(self, directory: Path) -> None:
        self.failed: list[DialFailed] = []
        self.calls: asyncio.Queue[CallLeg] = asyncio.Queue()
        self.server = LineServer(directory / "l.sock", self._on_call, self.failed.append)

    async def __aenter__(self) -> DiallingServer:
        await self.server.start()
        self.line = await self.connect(CanDial())
        while not self.server.can_dial:
            await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.line.leave()
        await self.server.stop()

    async def connect(self, first: Frame) -> LineProcess:
        process = LineProcess(*await asyncio.open_unix_connection(str(self.server.socket_path)))
        process.send(first)
        return process

    async def until_failed(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.failed) < count:
                await asyncio.sleep(0)

    async def _on_call(self, leg: CallLeg) -> None:
        self.calls.put_nowait(leg)
        await all_events(leg)


async def test_a_line_is_asked_to_dial_and_the_answered_call_comes_with_its_reference(tmp_path: Path) -> None:
    async with DiallingServer(tmp_path) as dialling:
        await dialling.server.dial("sip:a@b", "r-1")
        assert await dialling.line.receive() == Dial("sip:a@b", "r-1")
        answered = await dialling.connect(CallInfo(line_id="c", called="sip:a@b", reference="r-1"))
        leg = await asyncio.wait_for(dialling.calls.get(), 5)
        assert leg.info.reference == "r-1"
        answered.send(LineClosed("caller"))
        dialling.line.leave()
        async with asyncio.timeout(5):
            while dialling.server.can_dial:
                await asyncio.sleep(0)
        assert dialling.failed == [], "an answered call is no failed one when the line goes"
        answered.leave()


async def test_a_call_that_is_not_answered_is_told_once(tmp_path: Path) -> None:
    async with DiallingServer(tmp_path) as dialling:
        await dialling.server.dial("sip:a@b", "r-1")
        dialling.line.send(DialFailed("r-1", "486"), DialFailed("r-1", "486"), DialFailed("never dialled", "486"))
        await dialling.until_failed(1)
        assert dialling.failed == [DialFailed("r-1", "486")]


async def test_ringing_that_is_no_longer_wanted_is_stopped_and_what_does_not_ring_is_left_alone(tmp_path: Path) -> None:
    async with DiallingServer(tmp_path) as dialling:
        await dialling.server.dial("sip:a@b", "r-1")
        assert await dialling.line.receive() == Dial("sip:a@b", "r-1")
        await dialling.server.stop_dialling("r-2")
        await dialling.server.stop_dialling("r-1")
        assert await dialling.line.receive() == StopDialling("r-1")
        dialling.line.send(DialFailed("r-1", "cancelled"))
        await dialling.until_failed(1)
        await dialling.server.stop_dialling("r-1")
        await dialling.server.dial("sip:c@d", "r-3")
        assert await dialling.line.receive() == Dial("sip:c@d", "r-3")


async def test_a_lost_line_fails_what_it_was_ringing(tmp_path: Path) -> None:
    async with DiallingServer(tmp_path) as dialling:
        await dialling.server.dial("sip:a@b", "r-1")
        dialling.line.leave()
        await dialling.until_failed(1)
        assert dialling.failed == [DialFailed("r-1", "line_lost")]
        with pytest.raises(LineUnavailable):
            await dialling.server.dial("sip:a@b", "r-2")


async def test_a_dialling_line_that_sends_anything_else_is_dropped(tmp_path: Path) -> None:
    async with DiallingServer(tmp_path) as dialling:
        dialling.line.send(Key("1"))
        assert await dialling.line.receive() is None
        assert not dialling.server.can_dial
