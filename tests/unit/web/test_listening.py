"""A visitor speaks over a WebSocket: who is listened to, what comes back, and what a broken connection costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.errors import Busy, SpeechUnavailable, UnknownConversation
from bot.settings import Settings, WidgetSettings
from bot.web import listening
from bot.web.errors import errors_and_headers
from bot.web.keys import CHATS, EARS, SETTINGS, TEXTS
from bot.web.texts import WebTexts

Client = TestClient[web.Request, web.Application]
TEXTS_FR = WebTexts(
    **dict.fromkeys(
        ("greeting", "person_label", "person_requested", "too_long", "too_fast", "unavailable", "empty", "lost"), "…"
    ),
    suggestions=(),
    voice_busy="Écrivez plutôt.",
    voice_unavailable="Pas de voix.",
)
PATH = "/api/conversations/c1/listen"


@dataclass
class Said:
    question: str
    confidence: float = 0.81234
    plausible: bool = True


@dataclass
class FakeEars:
    """Hears `words` once `seconds` of sound have come, or the sound ends."""

    words: Said | None = field(default_factory=lambda: Said("Comment adhérer ?"))
    seconds: float = 1.0
    error: Exception | None = None
    held: set[str] = field(default_factory=set)
    heard_bytes: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def place(self, conversation_id: str) -> Iterator[None]:
        if self.held:
            raise Busy("taken")
        self.held.add(conversation_id)
        try:
            yield
        finally:
            self.held.discard(conversation_id)
            self.left.set()

    async def listen(self, sounds: AsyncIterator[bytes], enough: Callable[[], Awaitable[None]]) -> Said | None:
        async for pcm in sounds:
            self.heard_bytes += len(pcm)
            if self.heard_bytes >= self.seconds * 32000:
                break
        if self.error is not None:
            raise self.error
        await enough()
        return self.words


class FakeChats:
    async def enter(self, conversation_id: str, token: str) -> None:
        if (conversation_id, token) != ("c1", "secret"):
            raise UnknownConversation("No such conversation.")


@pytest.fixture
def ears() -> FakeEars:
    return FakeEars()


@pytest.fixture
async def client(ears: FakeEars) -> AsyncIterator[Client]:
    async with TestClient(TestServer(application(ears))) as client:
        yield client


def application(ears: FakeEars | None) -> web.Application:
    app = web.Application(middlewares=[errors_and_headers])
    app[TEXTS] = TEXTS_FR
    app[SETTINGS] = Settings(widget=WidgetSettings(listen=True, listen_seconds=5.0))
    app[CHATS] = FakeChats()  # type: ignore[assignment]
    if ears is not None:
        app[EARS] = ears
    app.add_routes(listening.routes)
    return app


async def hello(ws: aiohttp.ClientWebSocketResponse, token: str = "secret") -> Any:
    await ws.send_json({"type": "hello", "token": token})
    return await ws.receive_json()


async def rest(ws: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    return [json.loads(frame.data) async for frame in ws if frame.type is aiohttp.WSMsgType.TEXT]


async def test_what_is_said_comes_back_as_words_to_the_one_who_said_it(client: Client, ears: FakeEars) -> None:
    async with client.ws_connect(PATH) as ws:
        assert await hello(ws) == {"type": "ready"}
        for _ in range(16):
            await ws.send_bytes(b"\1\0" * 1024)
        assert await rest(ws) == [
            {"type": "enough"},
            {"type": "heard", "text": "Comment adhérer ?", "confidence": 0.812, "plausible": True},
        ]
    assert ears.held == set()


async def test_a_second_press_ends_the_sound(client: Client, ears: FakeEars) -> None:
    async with client.ws_connect(PATH) as ws:
        await hello(ws)
        await ws.send_bytes(b"\1\0" * 100)
        await ws.send_json({"type": "end"})
        assert [frame["type"] for frame in await rest(ws)] == ["enough", "heard"]
    assert ears.heard_bytes == 200


@pytest.mark.parametrize("words", [None, Said("Sous-titrage", plausible=False)])
async def test_silence_and_noise_never_become_words(client: Client, ears: FakeEars, words: Said | None) -> None:
    ears.words = words
    async with client.ws_connect(PATH) as ws:
        await hello(ws)
        await ws.send_json({"type": "end"})
        frames = await rest(ws)
    assert frames[-1] == {"type": "heard", "text": "", "confidence": 0.0, "plausible": False}


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (Busy("no turn"), "busy", TEXTS_FR.voice_busy),
        (SpeechUnavailable("no memory"), "unavailable", TEXTS_FR.voice_unavailable),
    ],
)
async def test_what_cannot_be_heard_is_said_so(
    client: Client, ears: FakeEars, error: Exception, code: str, text: str
) -> None:
    ears.error = error
    async with client.ws_connect(PATH) as ws:
        await hello(ws)
        await ws.send_json({"type": "end"})
        assert await rest(ws) == [{"type": "error", "code": code, "text": text}]


async def test_when_all_places_are_taken_the_visitor_is_told_before_any_sound(client: Client, ears: FakeEars) -> None:
    ears.held.add("somebody")
    async with client.ws_connect(PATH) as ws:
        assert await hello(ws) == {"type": "error", "code": "busy", "text": TEXTS_FR.voice_busy}
        assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_nobody_speaks_into_another_ones_conversation(client: Client, ears: FakeEars) -> None:
    async with client.ws_connect(PATH) as ws:
        assert (await hello(ws, "wrong"))["code"] == "unknown_conversation"
        assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
    assert ears.heard_bytes == 0


@pytest.mark.parametrize("first", [b"\0\0", "not json", "[]", "[" * 30000, '{"type": "hello"}', '{"token": 3}'])
async def test_whoever_does_not_introduce_himself_is_not_listened_to(
    client: Client, ears: FakeEars, first: str | bytes
) -> None:
    async with client.ws_connect(PATH) as ws:
        await (ws.send_bytes(first) if isinstance(first, bytes) else ws.send_str(first))
        assert (await ws.receive_json())["type"] == "error"
    assert ears.held == set()


@pytest.mark.parametrize("frame", [b"\0\0\0", "not json", "[]", "[" * 30000, '{"type": "message", "text": "a"}'])
async def test_a_frame_that_is_not_of_the_protocol_ends_it(client: Client, ears: FakeEars, frame: str | bytes) -> None:
    async with client.ws_connect(PATH) as ws:
        await hello(ws)
        await (ws.send_bytes(frame) if isinstance(frame, bytes) else ws.send_str(frame))
        assert [one["code"] for one in await rest(ws)] == ["bad_request"]
    assert ears.held == set()


async def test_a_visitor_who_leaves_gives_the_place_back(client: Client, ears: FakeEars) -> None:
    ws = await client.ws_connect(PATH)
    await hello(ws)
    await ws.send_bytes(b"\1\0" * 100)
    assert ears.held == {"c1"}
    await ws.close()
    async with asyncio.timeout(5):
        await ears.left.wait()
    assert ears.held == set()


async def test_a_flood_of_sound_is_cut_at_the_limit(client: Client, ears: FakeEars) -> None:
    ears.seconds = 1000.0
    async with client.ws_connect(PATH) as ws:
        await hello(ws)
        for _ in range(16):
            await ws.send_bytes(bytes(16000))
        assert (await rest(ws))[-1]["type"] == "heard"
    assert ears.heard_bytes <= 6 * 32000


async def test_one_frame_cannot_hold_a_minute(client: Client, ears: FakeEars) -> None:
    async with client.ws_connect(PATH) as ws:
        await hello(ws)
        await ws.send_bytes(bytes(64000))
        assert await rest(ws) == []
        assert ws.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert ears.heard_bytes == 0


async def test_nothing_of_what_is_said_is_logged(
    client: Client, ears: FakeEars, capsys: pytest.CaptureFixture[str]
) -> None:
    ears.words = Said("mon numéro est le zéro six")
    async with client.ws_connect(PATH) as ws:
        await hello(ws)
        await ws.send_json({"type": "end"})
        await rest(ws)
    captured = capsys.readouterr()
    assert "numéro" not in captured.out + captured.err


async def test_it_is_not_there_unless_the_operator_allows_it() -> None:
    async with TestClient(TestServer(application(None))) as client:
        response = await client.get(PATH)
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "not_offered"
