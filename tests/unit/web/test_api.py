"""The API as a program sees it: real routes, real SQLite store, a dialogue that answers from a table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.chats import Chats
from bot.dialogue import Answer, Choice, Outcome, Question, Ranked, Reply
from bot.errors import DialogueUnavailable
from bot.health import Condition, Health, Part
from bot.settings import Settings
from bot.store import Store
from bot.web import api, desk, page, socket
from bot.web.errors import errors_and_headers
from bot.web.keys import CALL_PHASE, CHATS, DESK_TOKEN, HEALTH, SETTINGS, STORE, TEXTS
from bot.web.origins import visitors_pages_only
from tests.databases import prepared_url
from tests.unit.web.french import DESK, TEXTS_FR


class TableDialogue:
    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.is_down = False

    async def ask(self, question: Question) -> Reply:
        if self.is_down:
            raise DialogueUnavailable("Rasa does not answer.")
        self.asked.append(question)
        ranking = (Ranked("adhesion_comment", 0.9),)
        match question.text or question.choice:
            case "mort":
                raise DialogueUnavailable("Rasa does not answer.")
            case "conseiller":
                return Reply(Outcome.HANDOVER, "handover", 0.99, text="Je transmets.")
            case "flou":
                return Reply(
                    Outcome.CLARIFY, "clarify", 0.4, ranking, choices=(Choice("a", "adhérer"),), text="Lequel ?"
                )
            case _:
                answer = Answer("adhesion_comment", "En ligne.", "Adhérer", "F766", "https://example.org", "2026-11-21")
                return Reply(Outcome.ANSWERED, "adhesion_comment", 0.9, ranking, answers=(answer,))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def dialogue() -> TableDialogue:
    return TableDialogue()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(prepared_url(tmp_path))
    yield store
    await store.close()


@pytest.fixture
async def client(dialogue: TableDialogue, store: Store) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application(middlewares=[errors_and_headers, visitors_pages_only], client_max_size=64 * 1024)
    app[SETTINGS], app[STORE], app[HEALTH], app[TEXTS] = Settings(), store, Health(), TEXTS_FR
    app[DESK_TOKEN], app[CALL_PHASE] = "desk-secret", lambda _: "ended"
    app[CHATS] = Chats(
        dialogue,
        store,
        max_message_chars=2000,
        messages_per_minute=5,
        person_requested_text=TEXTS_FR.person_requested,
        person_label=TEXTS_FR.person_label,
        clock=Clock(),
    )
    api.add_visitors_rules(app, Settings())
    for module in (api, socket, desk, page):
        app.add_routes(module.routes)
    server = TestServer(app)
    await server.start_server()
    async with TestClient(server, headers={"Origin": str(server.make_url("")).rstrip("/")}) as client:
        yield client


Client = TestClient[web.Request, web.Application]


async def opened(client: Client) -> tuple[str, dict[str, str]]:
    response = await client.post("/api/conversations")
    assert response.status == 201
    body = await response.json()
    return f"/api/conversations/{body['id']}", {"Authorization": f"Bearer {body['token']}"}


async def send(client: Client, place: str, own: dict[str, str], body: Any) -> tuple[int, dict[str, Any]]:
    response = await client.post(f"{place}/messages", headers=own, json=body)
    return response.status, await response.json()


async def test_a_question_gets_its_sourced_answer(client: Client) -> None:
    place, own = await opened(client)
    status, reply = await send(client, place, own, {"client_id": "1", "text": "Comment adhérer ?"})
    assert status == 200
    assert reply["outcome"] == "answered"
    assert reply["answers"][0]["source"] == "F766"
    assert reply["answers"][0]["verified_on"] == "2026-11-21"
    assert reply["ranking"] == [{"intent": "adhesion_comment", "confidence": 0.9}]


async def test_nobody_reads_or_writes_a_conversation_without_its_token(client: Client) -> None:
    place, _ = await opened(client)
    for headers in ({}, {"Authorization": "Bearer wrong"}, DESK):
        assert (await client.get(place, headers=headers)).status == 404
        assert (await send(client, place, headers, {"client_id": "1", "text": "a"}))[0] == 404
        assert (await client.delete(place, headers=headers)).status == 404


async def test_a_message_sent_twice_is_answered_once(client: Client, dialogue: TableDialogue) -> None:
    place, own = await opened(client)
    body = {"client_id": "same", "text": "Comment adhérer ?"}
    (_, first), (_, second) = await asyncio.gather(send(client, place, own, body), send(client, place, own, body))
    assert len(dialogue.asked) == 1
    assert first["answers"] == second["answers"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"client_id": "1", "text": "   "}, 400, "empty"),
        ({"client_id": "1", "text": "a" * 2001}, 413, "too_long"),
        ({"client_id": "1", "text": "a" * 100_000}, 413, "too_long"),
        ({"client_id": "1", "text": ["a"]}, 400, "bad_request"),
        ({"text": "a"}, 400, "bad_request"),
        ([], 400, "bad_request"),
        ({"client_id": "a b", "text": "a"}, 400, "bad_request"),
        ({"client_id": "1", "type": "nonsense"}, 400, "bad_request"),
        ({"client_id": "1", "text": "mort"}, 503, "unavailable"),
    ],
)
async def test_what_cannot_be_answered_is_said_clearly_and_the_service_goes_on(
    client: Client, body: Any, status: int, code: str
) -> None:
    place, own = await opened(client)
    got, reply = await send(client, place, own, body)
    assert (got, reply["error"]["code"]) == (status, code)
    assert reply["error"]["text"]
    assert (await send(client, place, own, {"client_id": "2", "text": "Comment adhérer ?"}))[0] == 200


async def test_a_failed_message_can_be_sent_again_under_the_same_id(client: Client, dialogue: TableDialogue) -> None:
    place, own = await opened(client)
    body = {"client_id": "1", "text": "Comment adhérer ?"}
    dialogue.is_down = True
    assert (await send(client, place, own, body))[0] == 503
    dialogue.is_down = False
    assert (await send(client, place, own, body))[0] == 200
    messages = (await (await client.get(place, headers=own)).json())["messages"]
    assert [message["type"] for message in messages] == ["person", "reply"]


async def test_a_flood_is_slowed_down(client: Client) -> None:
    place, own = await opened(client)
    seen = [(await send(client, place, own, {"client_id": str(n), "text": "a"}))[0] for n in range(6)]
    assert seen == [200] * 5 + [429]


async def test_asking_for_a_person_reaches_the_desk_with_the_conversation(client: Client) -> None:
    place, own = await opened(client)
    await send(client, place, own, {"client_id": "1", "text": "Comment adhérer ?"})
    await send(client, place, own, {"client_id": "2", "handover": True})
    desk = await (await client.get("/api/desk", headers=DESK)).json()
    (request,) = desk["handovers"]
    assert request["reason"] == "asked"
    assert [turn["heard"] for turn in request["conversation"]["turns"]] == [
        "Comment adhérer ?",
        "Parler à un conseiller",
    ]
    assert "Comment adhérer ?" in request["summary"]
    assert "Déjà répondu : Adhérer." in request["summary"]


async def test_typing_that_one_wants_a_person_reaches_the_desk_too(client: Client) -> None:
    place, own = await opened(client)
    await send(client, place, own, {"client_id": "1", "text": "conseiller"})
    desk = await (await client.get("/api/desk", headers=DESK)).json()
    assert len(desk["handovers"]) == 1


@pytest.mark.parametrize("path", ["/api/desk", "/api/calls?line_id=x", "/api/calls/x"])
async def test_the_desk_needs_its_token(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 401


async def test_erasing_really_erases(client: Client, store: Store) -> None:
    place, own = await opened(client)
    await send(client, place, own, {"client_id": "1", "text": "Comment adhérer ?"})
    assert (await client.delete(place, headers=own)).status == 204
    assert await store.conversation(place.rsplit("/", 1)[1]) is None
    assert (await client.get(place, headers=own)).status == 404


async def test_a_chat_survives_a_restart_of_the_gateway(client: Client) -> None:
    place, own = await opened(client)
    await send(client, place, own, {"client_id": "1", "text": "Comment adhérer ?"})
    client.app[CHATS]._rooms.clear()
    messages = (await (await client.get(place, headers=own)).json())["messages"]
    assert [message["seq"] for message in messages] == [1, 2]
    assert messages[1]["answers"][0]["text"] == "En ligne."
    assert (await (await client.get(f"{place}?after=2", headers=own)).json())["messages"] == []


async def test_a_socket_talks_resumes_and_doubles_nothing(client: Client) -> None:
    place, own = await opened(client)
    token = own["Authorization"].removeprefix("Bearer ")
    async with client.ws_connect(f"{place}/ws") as ws:
        await ws.send_json({"type": "hello", "token": token, "after": 0})
        assert (await ws.receive_json())["type"] == "welcome"
        await ws.send_json({"type": "message", "client_id": "1", "text": "flou"})
        kinds = [(await ws.receive_json())["type"] for _ in range(5)]
        assert kinds == ["person", "typing", "typing", "reply", "received"]
    async with client.ws_connect(f"{place}/ws") as ws:
        await ws.send_json({"type": "hello", "token": token, "after": 1})
        assert (await ws.receive_json())["seq"] == 2
        missed = await ws.receive_json()
        assert (missed["type"], missed["choices"]) == ("reply", [{"intent": "a", "text": "adhérer"}])
        await ws.send_json({"type": "message", "client_id": "2", "text": "a" * 3000})
        assert (await ws.receive_json())["code"] == "too_long"
        await ws.send_str("not json")
        assert (await ws.receive_json())["type"] == "error"
        await ws.send_json({"type": "handover", "client_id": "3"})
        assert (await ws.receive_json())["type"] == "person"
        assert (await ws.receive_json())["state"] == "requested"


async def test_a_socket_with_a_wrong_token_learns_nothing(client: Client) -> None:
    place, _ = await opened(client)
    async with client.ws_connect(f"{place}/ws") as ws:
        await ws.send_json({"type": "hello", "token": "wrong"})
        assert (await ws.receive_json())["code"] == "unknown_conversation"
        assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_another_site_cannot_open_a_socket(client: Client) -> None:
    place, _ = await opened(client)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.ws_connect(f"{place}/ws", headers={"Origin": "https://evil.example"})


async def test_health_names_each_part_and_its_remedy(client: Client) -> None:
    async def down() -> Part:
        return Part(Condition.DOWN, "Rasa does not answer.")

    client.app[HEALTH].add("dialogue", down, required=True)
    response = await client.get("/health")
    assert response.status == 503
    assert (await response.json())["parts"]["dialogue"]["detail"] == "Rasa does not answer."


async def test_every_answer_has_the_security_headers(client: Client) -> None:
    for path in ("/health", "/api/service", "/api/nothing"):
        response = await client.get(path)
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_the_telephone_wording_is_for_the_desk_only(client: Client, dialogue: TableDialogue) -> None:
    assert (await client.post("/api/conversations", json={"channel": "phone"})).status == 403
    opened = await (await client.post("/api/conversations", json={"channel": "phone"}, headers=DESK)).json()
    own = {"Authorization": f"Bearer {opened['token']}"}
    await send(client, f"/api/conversations/{opened['id']}", own, {"client_id": "1", "text": "a"})
    assert dialogue.asked[-1].channel == "phone"


async def test_unicode_that_cannot_be_written_does_not_break_the_chat(client: Client) -> None:
    place, own = await opened(client)
    body = json.dumps({"client_id": "1", "text": "a"}).replace('"a"', '"a\\ud800\\u0000b"')
    response = await client.post(f"{place}/messages", headers=own | {"Content-Type": "application/json"}, data=body)
    assert response.status in (200, 400)
