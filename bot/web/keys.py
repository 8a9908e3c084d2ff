"""What handlers find in the application: typed keys, filled once in `bot/app.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from aiohttp import web

from bot.accounts.service import Accounts
from bot.audit.log import Audit
from bot.chats import Chats
from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.desk.overview import Overview
from bot.desk.suggestions import Answers
from bot.health import Health
from bot.metrics import Metrics
from bot.origins import Origins
from bot.settings import Settings
from bot.store import Store
from bot.web.limits import AddressLimits
from bot.web.texts import WebTexts


class Callbacks(Protocol):
    """Places the calls that were promised: for the bot (`call_back`), or for an agent who is there (`ring`)."""

    def check(self, number: str) -> None:
        """Raises what `call_back` would for this number now, a callback under way apart."""
        ...

    async def ring(self, reference: str, number: str) -> None:
        """Returns when a line is dialling; what the line brings, or fails to, has this reference. Raises as `check`."""
        ...

    async def stop(self, reference: str) -> None:
        """Ends the ringing; it may be answered at that very moment."""
        ...

    async def call_back(self, conversation_id: str, number: str) -> None:
        """Returns when a line is dialling `number`; the person then hears the bot announce the callback.

        Raises `NotAllowed` for a number that may not be dialled (`bot.phone_numbers.dialable`), `Conflict` while a
        callback of this conversation is under way, `LineUnavailable` when no line can dial, `Busy` when all places
        are taken. Two that come together are told apart: the place is taken before anything is awaited.
        """
        ...


class AnswersSoftphones(Protocol):
    """What the console's softphone needs (`bot.agent_calls.AgentCalls`)."""

    async def softphone(self, handover_id: str, agent: Any, sdp: str) -> str: ...


class Consoles(Protocol):
    """The open consoles of this gateway (`bot.web.desk.socket.Consoles`)."""

    def add(self, console: Any) -> None: ...
    def remove(self, console: Any) -> None: ...
    def tell_agent(self, agent_id: str, frame: dict[str, Any]) -> None: ...
    def tell_viewers(self, conversation_id: str, frame: dict[str, Any], besides: str = "") -> None: ...


class Words(Protocol):
    """What a visitor was heard to say; `question` has the service's terms put right."""

    @property
    def question(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def plausible(self) -> bool: ...


class Ears(Protocol):
    """Listens to visitors who speak into the page."""

    def place(self, conversation_id: str) -> AbstractContextManager[None]:
        """To be held while listening. Raises `Busy`, or `SpeechUnavailable` while no engine is loaded."""
        ...

    async def listen(self, sounds: AsyncIterator[bytes], enough: Callable[[], Awaitable[None]]) -> Words | None:
        """What is said in `sounds` (s16le, mono, 16 kHz), which may end at any time; None when nobody spoke.

        `enough` is told when no more sound is wanted. Raises `SpeechUnavailable`, `Busy`, `BadAudio`.
        """
        ...


class ReadAloud(Protocol):
    """A text as a sound file, sent while it is being made. `is_ready`: nothing of it has to be made."""

    content_type: str
    is_ready: bool

    def chunks(self) -> AsyncIterator[bytes]:
        """Raises `SpeechUnavailable` or `Busy`."""
        ...


class Voice(Protocol):
    """Reads to visitors."""

    def read(self, text: str) -> ReadAloud:
        """Raises `SpeechUnavailable` while no voice is loaded."""
        ...


CHATS = web.AppKey("chats", Chats)
HEALTH = web.AppKey("health", Health)
SETTINGS = web.AppKey("settings", Settings)
STORE = web.AppKey("store", Store)
TEXTS = web.AppKey("texts", WebTexts)
# The phase of a call by its conversation's id; "ended" for one that is not on.
# (An AppKey wants a class; of a function type there is none, hence the remark here and below.)
CALL_PHASE: web.AppKey[Callable[[str], str]] = web.AppKey("call_phase", Callable)  # type: ignore[arg-type]
DESK_TOKEN = web.AppKey("desk_token", str)
# Only where a line can place calls.
CALLBACKS: web.AppKey[Callbacks] = web.AppKey("callbacks", Callbacks)
# How late the event loop was at worst during the last minute, in seconds.
LOOP_LATE: web.AppKey[Callable[[], float]] = web.AppKey("loop_late", Callable)  # type: ignore[arg-type]
METRICS = web.AppKey("metrics", Metrics)
METRICS_TOKEN = web.AppKey("metrics_token", str)
# Only where the operator lets visitors speak, and hear answers (`widget.listen`, `widget.speak`).
EARS: web.AppKey[Ears] = web.AppKey("ears", Ears)
VOICE: web.AppKey[Voice] = web.AppKey("voice", Voice)
# How a message of the log is read aloud; empty when it is not.
SPOKEN_TEXT: web.AppKey[Callable[[Mapping[str, Any]], str]] = web.AppKey("spoken_text", Callable)  # type: ignore[arg-type]  # as CALL_PHASE
# Whose pages may use the visitor's routes, and how fast one address may: without them, there is no restriction.
ORIGINS = web.AppKey("origins", Origins)
ADDRESS_LIMITS = web.AppKey("address_limits", AddressLimits)
# The desk, what consoles show of it, and the verified answers by their words.
DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
OVERVIEW: web.AppKey[Overview] = web.AppKey("overview", Overview)
ANSWERS: web.AppKey[Answers] = web.AppKey("answers", Answers)
# Only where callers may wait in the desk's queue.
CALLERS: web.AppKey[Callers] = web.AppKey("callers", Callers)
AGENT_CALLS: web.AppKey[AnswersSoftphones] = web.AppKey("agent_calls", AnswersSoftphones)
CONSOLES: web.AppKey[Consoles] = web.AppKey("consoles", Consoles)
# Who signs in to the console, and the log of what they do.
ACCOUNTS = web.AppKey("accounts", Accounts)
AUDIT = web.AppKey("audit", Audit)
