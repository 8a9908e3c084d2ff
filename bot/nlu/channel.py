"""Rasa's door for Guichet: one question in, one reply out, as JSON.

Rasa's own REST channel answers an error with an empty list, logs the text of failed messages, asks for no
token, and lets a person type "/some_intent" to bypass the understanding. This one does none of that.

    POST /webhooks/guichet/webhook      Authorization: Bearer <token>
    {"sender": "…", "text": "…" | "choice": "<intent>", "channel": "web"|"phone", "heard_confidence": 0.8|null,
     "alternatives": [{"text": "…", "confidence": 0.4}], "turn": 3, "replaces": 2|0}
    200 {"reply": {…}}      400, 401, 500 {"error": "<code>"}
    GET /webhooks/guichet/  200 {"model": "<id, empty while none is loaded>"}
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Container
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.nlu.incoming import BadIncoming, Incoming, read_incoming
from bot.nlu.quicker_rasa import check_action_schema_once
from bot.nlu.standing import standing

logger = logging.getLogger(__name__)

OnMessage = Callable[[UserMessage], Awaitable[Any]]


class GuichetInput(InputChannel):  # type: ignore[misc]  # Rasa has no types
    """The channel `guichet`."""

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def name(cls) -> str:
        return "guichet"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GuichetInput:
        """Raises `RasaException` without a token: an open door is never opened by mistake."""
        token = str((credentials or {}).get("token") or "")
        if not token or token.startswith("${"):
            raise RasaException("The channel guichet needs a token: set GUICHET_DIALOGUE_TOKEN.")
        check_action_schema_once()
        return cls(token)

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        routes = Blueprint("guichet_channel", __name__)

        @routes.route("/", methods=["GET"])  # type: ignore[untyped-decorator]  # Rasa's Sanic has none
        async def health(request: Request) -> HTTPResponse:
            return response.json({"model": getattr(_agent(request), "model_id", None) or ""})

        @routes.route("/webhook", methods=["POST"])  # type: ignore[untyped-decorator]  # Rasa's Sanic has none
        async def receive(request: Request) -> HTTPResponse:
            if not self._may_enter(request.headers.get("authorization", "")):
                return _error("unauthorised", 401)
            try:
                incoming = read_incoming(_json(request), _intents(request))
            except BadIncoming as error:
                return _error(error.code, 400)
            return await self._answer(incoming, on_new_message, await _memory(request, incoming))

        return routes

    def _may_enter(self, header: str) -> bool:
        return hmac.compare_digest(header.encode("utf-8", "replace"), f"Bearer {self._token}".encode())

    async def _answer(self, incoming: Incoming, on_new_message: OnMessage, memory: dict[str, Any]) -> HTTPResponse:
        collector = CollectingOutputChannel()
        message = UserMessage(
            incoming.message,
            collector,
            incoming.sender,
            input_channel=self.name(),
            metadata={
                "channel": incoming.channel,
                "heard_confidence": incoming.heard_confidence,
                "readings": incoming.readings,
                "previous": memory.get("subjects") or (),
                "turn": incoming.turn,
                "replaces": incoming.replaces,
            },
        )
        try:
            await on_new_message(message)
        except Exception as error:  # noqa: BLE001 - the supervisor of one message; the text stays out of the log
            logger.error("A message failed: %s.", type(error).__name__)
            return _error("failed", 500)
        replies = [m["custom"] for m in collector.messages if "custom" in m]
        if len(replies) != 1:
            logger.error("A message got %d replies instead of one; is the action server running?", len(replies))
            return _error("no_reply", 500)
        return response.json({"reply": replies[0]})


def _json(request: Request) -> Any:
    try:
        return request.json
    except Exception:  # noqa: BLE001 - sanic's InvalidUsage carries the body in its message
        return None


def _intents(request: Request) -> Container[str]:
    """The intents of the model being served; none while no model is loaded."""
    domain = getattr(_agent(request), "domain", None)
    return domain.intents if domain is not None else ()


async def _memory(request: Request, incoming: Incoming) -> dict[str, Any]:
    """What the dialogue remembers of this conversation (actions/turn.py): a question is understood after the one
    before it, unless it takes that one's place."""
    store = getattr(_agent(request), "tracker_store", None)
    tracker = await store.retrieve(incoming.sender) if store is not None else None
    return standing(tracker.get_slot("memory") if tracker is not None else None, incoming.replaces)


def _agent(request: Request) -> Any:
    return getattr(request.app.ctx, "agent", None)


def _error(code: str, status: int) -> HTTPResponse:
    return response.json({"error": code}, status=status)
