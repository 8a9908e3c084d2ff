"""Whatever is sent, sent again, cut, refused or forgotten in between: a window that follows the protocol ends with the
log, each message once and in order, and the dialogue has answered each question once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chats import Chats, Room, Window
from bot.errors import GuichetError
from tests.databases import prepared_url
from tests.unit.chats.fakes import BrokenStore, Desk, Echo, chats_of

NAMES = ["a", "b", "c"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from(NAMES), st.integers(0, 1)),
        st.tuples(st.just("cut"), st.just(""), st.integers(0, 1)),
        st.tuples(st.just("read"), st.integers(1, 4), st.integers(0, 1)),
        st.tuples(st.sampled_from(["restart", "crash", "down", "up", "agent", "pause"]), st.just(""), st.just(0)),
    ),
    max_size=30,
)


class Browser:
    """A window as docs/api.md wants it: it keeps the last number, and sends again what was not received."""

    def __init__(self) -> None:
        self.log: list[dict[str, Any]] = []
        self.unreceived: dict[str, None] = {}
        self.window: Window | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def seq(self) -> int:
        return self.log[-1]["seq"] if self.log else 0

    async def connect(self, chats: Chats, room: Room) -> None:
        self.window = chats.join(room)
        for message in room.messages(self.seq):
            self._take(message)
        for name in list(self.unreceived):
            self._transmit(chats, room, name)

    def cut(self, chats: Chats, room: Room) -> None:
        if self.window is not None:
            chats.leave(room, self.window)
            self.window = None
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    def send(self, chats: Chats, room: Room, name: str) -> None:
        self.unreceived[name] = None
        if self.window is not None:
            self._transmit(chats, room, name)

    def read(self, most: int = 1_000_000) -> None:
        while self.window is not None and self.window._queue and most:
            self._take(self.window._queue.popleft())
            most -= 1

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("seq", 0) > self.seq:
            self.log.append(message)

    def _transmit(self, chats: Chats, room: Room, name: str) -> None:
        self._tasks.append(asyncio.create_task(self._sent(chats, room, name)))

    async def _sent(self, chats: Chats, room: Room, name: str) -> None:
        with suppress(GuichetError):
            await chats.say(room, name, text=f"question {name}")
            self.unreceived.pop(name, None)

    async def settled(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def opened_store(path: Path) -> AsyncIterator[BrokenStore]:
    store = await BrokenStore.open(prepared_url(path))
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("store")


async def play(path: Path, steps: list[tuple[str, Any, int]]) -> None:
    async with opened_store(path) as store:
        dialogue, desk = Echo(), Desk()
        chats = chats_of(dialogue, store, desk, per_minute=10_000, left_after_seconds=3600)
        conversation_id, token = await chats.open()
        room = await chats.enter(conversation_id, token)
        browsers = [Browser(), Browser()]
        answered: list[str] = []
        ask = dialogue.ask

        async def counted(question: Any) -> Any:
            reply = await ask(question)
            answered.append(question.text)
            return reply

        dialogue.ask = counted  # type: ignore[method-assign]
        for browser in browsers:
            await browser.connect(chats, room)
        for number, (step, argument, which) in enumerate(steps):
            browser = browsers[which]
            match step:
                case "send":
                    browser.send(chats, room, argument)
                case "cut":
                    browser.cut(chats, room)
                    await browser.connect(chats, room)
                case "read":
                    browser.read(argument)
                case "down" | "up":
                    dialogue.is_down = step == "down"
                case "agent":
                    await chats.agent_said(conversation_id, f"n{number}", "Camille", "Bonjour")
                case "pause":
                    await asyncio.sleep(0)
                case "restart" | "crash":
                    for one in browsers:
                        one.cut(chats, room)
                    if step == "crash":
                        for task in chats._work:
                            task.cancel()
                        await asyncio.gather(*chats._work, return_exceptions=True)
                    await chats.close()
                    chats = chats_of(dialogue, store, desk, per_minute=10_000, left_after_seconds=3600)
                    room = await chats.enter(conversation_id, token)
                    for one in browsers:
                        await one.connect(chats, room)
        dialogue.is_down = False
        for browser in browsers:
            browser.cut(chats, room)
            await browser.connect(chats, room)
        for browser in browsers:
            await browser.settled()
        await chats.close()
        for browser in browsers:
            browser.read()
        check(room, browsers, answered, [argument for step, argument, _ in steps if step == "send"])
        # A crash may come between an answer and its record: only then is a question asked twice.
        crashes = sum(step == "crash" for step, _, _ in steps)
        assert len(answered) <= len(set(answered)) + crashes * len(NAMES)
        assert crashes or len(answered) == len(set(answered))
        assert [record.seq for record in await store.messages(conversation_id)] == [record.seq for record in room.log]


def check(room: Room, browsers: list[Browser], answered: list[str], sent: list[str]) -> None:
    log = room.messages()
    assert [message["seq"] for message in log] == list(range(1, len(log) + 1))
    assert all(browser.log == log for browser in browsers)
    assert not any(browser.unreceived for browser in browsers)
    names = sorted(set(sent))
    assert sorted(message["client_id"] for message in log if message["type"] == "person") == names
    assert sorted(set(answered)) == [f"question {name}" for name in names]
    assert sum(message["type"] == "reply" for message in log) == len(names)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_each_message_once_and_in_order_whatever_happens(directory: Path, steps: list[tuple[str, Any, int]]) -> None:
    run: Callable[..., None] = asyncio.run
    run(play(directory, steps))
