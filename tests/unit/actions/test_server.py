"""The action server's door."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from actions.server import build_app, build_executor


def call(action: str = "action_answer", intent: str = "adhesion_comment", **more: Any) -> dict[str, Any]:
    return {
        "next_action": action,
        "sender_id": "c1",
        "version": "3.6.21",
        "tracker": {
            "sender_id": "c1",
            "slots": {"memory": None},
            "latest_message": {"intent": {"name": intent, "confidence": 1.0}, "metadata": {"channel": "phone"}},
            "events": [],
            **more,
        },
    }


async def client() -> TestClient[Any, Any]:
    started = TestClient(TestServer(build_app(build_executor())))
    await started.start_server()
    return started


async def test_a_call_without_domain_gets_one_message_and_the_memory() -> None:
    door = await client()
    answer = await (await door.post("/webhook", json=call())).json()
    await door.close()
    assert len(answer["responses"]) == 1
    assert answer["responses"][0]["custom"]["answers"][0]["id"] == "adhesion_comment"
    assert [event["name"] for event in answer["events"]] == ["memory"]


async def test_an_unknown_action_is_refused() -> None:
    door = await client()
    response = await door.post("/webhook", json=call("action_unknown"))
    await door.close()
    assert response.status == 404


async def test_a_failure_repeats_nothing_of_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    door = await client()
    with caplog.at_level(logging.DEBUG):
        spoiled = call(latest_message={"text": "MOTS-SECRETS", "metadata": {"channel": "MOTS-SECRETS"}})
        response = await door.post("/webhook", json=spoiled)
        body = await response.text()
    await door.close()
    assert response.status == 500
    assert "MOTS-SECRETS" not in body
    assert "MOTS-SECRETS" not in caplog.text


async def test_every_action_of_the_domain_is_served() -> None:
    import yaml

    from bot.settings import PROJECT_DIR

    domain = yaml.safe_load((PROJECT_DIR / "domain.yml").read_text(encoding="utf-8"))
    assert set(domain["actions"]) == set(build_executor().actions)
