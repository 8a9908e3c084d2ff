"""An answer read aloud: for its visitor only, whole, and never silently cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.errors import Busy, GuichetError, SpeechUnavailable, UnknownConversation
from bot.web import reading
from bot.web.errors import errors_and_headers
from bot.web.keys import CHATS, SPOKEN_TEXT, TEXTS, VOICE
from tests.unit.web.test_listening import TEXTS_FR

Client = TestClient[web.Request, web.Application]
OWN = {"Authorization": "Bearer secret"}
PATH = "/api/conversations/c1/speech"


class FakeRoom:
    def messages(self, after: int) -> list[dict[str, Any]]:
        log = [{"type": "person", "seq": 1, "text": "adhérer"}, {"type": "reply", "seq": 2, "text": "Bonjour. Merci."}]
        return [message for message in log if message["seq"] > after]  # type: ignore[operator]


class FakeChats:
    async def enter(self, conversation_id: str, token: str) -> FakeRoom:
        if (conversation_id, token) != ("c1", "secret"):
            raise UnknownConversation("No such conversation.")
        return FakeRoom()


@dataclass
class FakeReading:
    parts: list[bytes | GuichetError]
    is_ready: bool
    content_type: str = "audio/wav"

    async def chunks(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            if isinstance(part, GuichetError):
                raise part
            yield part


@dataclass
class FakeVoice:
    parts: list[bytes | GuichetError] = field(default_factory=lambda: [b"RIFF", b"sound"])
    is_ready: bool = False
    texts: list[str] = field(default_factory=list)

    def read(self, text: str) -> FakeReading:
        self.texts.append(text)
        return FakeReading(self.parts, self.is_ready)


@pytest.fixture
def voice() -> FakeVoice:
    return FakeVoice()


@pytest.fixture
async def client(voice: FakeVoice) -> AsyncIterator[Client]:
    async with TestClient(TestServer(application(voice))) as client:
        yield client


def application(voice: FakeVoice | None) -> web.Application:
    app = web.Application(middlewares=[errors_and_headers])
    app[TEXTS] = TEXTS_FR
    app[CHATS] = FakeChats()  # type: ignore[assignment]
    app[SPOKEN_TEXT] = lambda message: message["text"] if message["type"] == "reply" else ""
    if voice is not None:
        app[VOICE] = voice
    app.add_routes(reading.routes)
    return app


@pytest.mark.parametrize("is_ready", [True, False])
async def test_an_answer_is_a_sound_file_that_nobody_keeps(client: Client, voice: FakeVoice, is_ready: bool) -> None:
    voice.is_ready = is_ready
    voice.parts = [b"RIFFsound"] if is_ready else [b"RIFF", b"sound"]
    response = await client.get(f"{PATH}/2", headers=OWN)
    assert (response.status, response.content_type) == (200, "audio/wav")
    assert await response.read() == b"RIFFsound"
    assert response.headers["Cache-Control"] == "no-store"
    assert ("Content-Length" in response.headers) is is_ready
    assert voice.texts == ["Bonjour. Merci."]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_nobody_has_another_ones_conversation_read(
    client: Client, voice: FakeVoice, headers: dict[str, str]
) -> None:
    assert (await client.get(f"{PATH}/2", headers=headers)).status == 404
    assert (await client.get(f"{PATH}/2?token=secret", headers=headers)).status == 404
    assert voice.texts == []


@pytest.mark.parametrize("seq", ["1", "3", "0", "999999999", "9999999999", "-1", "x"])
async def test_only_what_the_bot_said_is_read(client: Client, voice: FakeVoice, seq: str) -> None:
    assert (await client.get(f"{PATH}/{seq}", headers=OWN)).status == 404
    assert voice.texts == []


@pytest.mark.parametrize(("error", "code"), [(Busy("no turn"), "busy"), (SpeechUnavailable("no voice"), "unavailable")])
async def test_what_cannot_be_read_is_said_so(client: Client, voice: FakeVoice, error: GuichetError, code: str) -> None:
    voice.parts = [error]
    response = await client.get(f"{PATH}/2", headers=OWN)
    assert response.status == 503
    assert (await response.json())["error"]["code"] == code


async def test_half_an_answer_never_passes_for_a_whole_one(client: Client, voice: FakeVoice) -> None:
    voice.parts = [b"RIFF", SpeechUnavailable("no memory")]
    response = await client.get(f"{PATH}/2", headers=OWN)
    with pytest.raises(aiohttp.ClientError):
        await response.read()


async def test_it_is_not_there_unless_the_operator_allows_it() -> None:
    async with TestClient(TestServer(application(None))) as client:
        response = await client.get(f"{PATH}/2", headers=OWN)
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "not_offered"
