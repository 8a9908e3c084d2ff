"""Rasa's answers, good and bad, as `Reply` or as one of our errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.dialogue import Channel, Outcome, Question, Reading
from bot.errors import BadMessage, DialogueUnavailable
from bot.processes import CHANNEL_PATH
from bot.rasa_client import RasaDialogue
from bot.settings import load_settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Ask = Callable[[Handler], Awaitable[Any]]

REPLY = {
    "outcome": "answered",
    "intent": "adhesion",
    "confidence": 0.9,
    "ranking": [{"intent": "adhesion", "confidence": 0.9}],
    "answers": [{"id": "adhesion", "text": "Sur le site."}],
}


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Ask]:
    """Asks a Rasa that behaves as the handler does."""
    async with aiohttp.ClientSession() as session:

        async def ask_once(handler: Handler) -> Any:
            app = web.Application()
            app.router.add_post(CHANNEL_PATH + "/webhook", handler)
            async with TestServer(app) as server:
                settings = load_settings(
                    data_dir=tmp_path, dialogue={"rasa_url": str(server.make_url("")), "answer_timeout_seconds": 0.2}
                )
                question = Question(
                    "c1",
                    Channel.PHONE,
                    text="comment adhérer",
                    heard_confidence=0.7,
                    alternatives=(Reading("comment admirer", 0.6),),
                    turn=3,
                    replaces=2,
                )
                return await RasaDialogue(session, settings).ask(question)

        yield ask_once


def answering(status: int, body: Any) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return handler


async def test_the_question_goes_out_whole_and_the_reply_comes_back(ask: Ask) -> None:
    seen: dict[str, Any] = {}

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.update(await request.json(), token=request.headers["Authorization"])
        return web.json_response({"reply": REPLY})

    reply = await ask(handler)
    assert (reply.outcome, reply.answers[0].text) == (Outcome.ANSWERED, "Sur le site.")
    assert (seen["sender"], seen["channel"], seen["text"], seen["heard_confidence"]) == (
        "c1",
        "phone",
        "comment adhérer",
        0.7,
    )
    assert seen["alternatives"] == [{"text": "comment admirer", "confidence": 0.6}]
    assert (seen["turn"], seen["replaces"]) == (3, 2)
    assert seen["token"].startswith("Bearer ")


@pytest.mark.parametrize("code", ["empty", "too_long", "unknown_choice", "bad_sender"])
async def test_a_message_that_rasa_refuses_is_a_bad_message(ask: Ask, code: str) -> None:
    with pytest.raises(BadMessage):
        await ask(answering(400, {"error": code}))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": "no_reply"}),
        (401, {"error": "unauthorised"}),
        (200, {"reply": {"outcome": "perhaps"}}),
        (200, {"reply": None}),
        (200, []),
        (200, {}),
    ],
)
async def test_anything_but_a_whole_reply_is_no_dialogue(ask: Ask, status: int, body: Any) -> None:
    with pytest.raises(DialogueUnavailable):
        await ask(answering(status, body))


async def test_an_answer_that_does_not_come_in_time_is_no_dialogue(ask: Ask) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(DialogueUnavailable):
        await ask(handler)


async def test_no_error_repeats_what_was_asked(ask: Ask) -> None:
    with pytest.raises(DialogueUnavailable) as caught:
        await ask(answering(500, {"error": "failed"}))
    assert "adhérer" not in str(caught.value)


async def test_a_rasa_that_is_not_there_is_no_dialogue(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, dialogue={"rasa_url": "http://127.0.0.1:1"})
    async with aiohttp.ClientSession() as session:
        with pytest.raises(DialogueUnavailable):
            await RasaDialogue(session, settings).ask(Question("c1", Channel.WEB, text="x"))
