"""The dialogue over HTTP: Rasa's channel `guichet` behind the `Dialogue` protocol."""

from __future__ import annotations

from typing import Any

import aiohttp

from actions.turn import reply_from
from bot.dialogue import Question, Reply
from bot.errors import BadMessage, DialogueUnavailable
from bot.processes import CHANNEL_PATH, TOKEN_NAME
from bot.settings import Settings

_UNUSABLE = {
    "empty": "The message is empty.",
    "too_long": "The message is too long.",
    "unknown_choice": "This choice does not exist.",
}


class RasaDialogue:
    """Asks Rasa. The session is the caller's, to open and to close."""

    def __init__(self, session: aiohttp.ClientSession, settings: Settings) -> None:
        self._session = session
        self._url = settings.dialogue.rasa_url.rstrip("/") + CHANNEL_PATH + "/webhook"
        self._headers = {"Authorization": f"Bearer {settings.secret(TOKEN_NAME)}"}
        self._timeout = aiohttp.ClientTimeout(total=settings.dialogue.answer_timeout_seconds)

    async def ask(self, question: Question) -> Reply:
        """Raises `DialogueUnavailable` when there is no answer in time, `BadMessage` for unusable text."""
        body = {
            "sender": question.conversation_id,
            "channel": question.channel.value,
            "text": question.text,
            "choice": question.choice,
            "heard_confidence": question.heard_confidence,
            "alternatives": [{"text": one.text, "confidence": one.confidence} for one in question.alternatives],
            "turn": question.turn,
            "replaces": question.replaces,
        }
        try:
            async with self._session.post(
                self._url, json=body, headers=self._headers, timeout=self._timeout
            ) as response:
                status, answer = response.status, await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DialogueUnavailable(f"Rasa does not answer ({type(error).__name__}).") from None
        return _read(status, answer)


def _read(status: int, answer: Any) -> Reply:
    if not isinstance(answer, dict):
        raise DialogueUnavailable("Rasa's answer is not one of ours.")
    if status == 400:
        raise BadMessage(_UNUSABLE.get(str(answer.get("error")), "The message cannot be used."))
    if status == 401:
        raise DialogueUnavailable("Rasa was started with another token: restart both, or copy secrets/dialogue.")
    if status != 200:
        raise DialogueUnavailable(f"Rasa answered with an error ({answer.get('error', status)}).")
    try:
        return reply_from(answer["reply"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DialogueUnavailable("Rasa's reply is not complete.") from None
