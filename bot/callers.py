"""A scripted caller: waits until the bot listens, plays a turn, measures the answer, and asks the service what it
understood.

Whether the bot listens is the service's own word (its API, looked at every 50 ms) once the line has been quiet for a
moment; where the API does not answer, 1.5 s of silence on the line decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from bot.errors import LineUnavailable

POLL_SECONDS = 0.05
QUIET_SECONDS = 0.2
SILENCE_MEANS_LISTENING_SECONDS = 1.5
BOT_SPEAKS_SECONDS = 90.0
ANSWER_BEGINS_SECONDS = 30.0
TURN_STORED_SECONDS = 2.0
API_SECONDS = 2.0
SKIP_KEY = "#"
_NOTHING: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class CallerTurn:
    """What the caller does: speaks a recording (8 kHz PCM), or presses a key."""

    file: Path | None = None
    pcm: bytes = b""
    key: str = ""


@dataclass(frozen=True, slots=True)
class TurnReport:
    """One line of `guichet call --json`. What the service did not tell is None."""

    turn: int
    file: str | None
    key: str | None
    heard: str | None
    confidence: float | None
    intent: str | None
    outcome: str | None
    spoken: str | None
    end_of_speech_to_first_audio_ms: int | None
    segments: dict[str, float] = field(default_factory=dict)


class AnsweredCall(Protocol):
    """The telephone's side of a call (`voice.sip.phone`, `voice.lines.clients`). Times are of the loop's clock."""

    closed: asyncio.Event

    async def say(self, pcm: bytes) -> float:
        """Returns the moment at which the last loud sample left."""
        ...

    async def press(self, keys: str) -> None: ...

    def first_loud_after(self, moment: float) -> float | None: ...

    def quiet_seconds(self, now: float) -> float | None: ...


class Recording(Protocol):
    """What was heard in a call."""

    recording: bytearray


class PlacedCall(AnsweredCall, Protocol):
    """What `guichet call` needs besides: the id that the service knows the call by, and what was heard."""

    @property
    def line_id(self) -> str: ...

    @property
    def heard(self) -> Recording: ...

    async def hang_up(self) -> None: ...


class View(Protocol):
    """What the service tells of the call."""

    async def look(self) -> dict[str, Any]: ...


class CallView:
    """What the service's API tells of one call. An API that does not answer tells nothing."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, desk_token: str, line_id: str) -> None:
        self._session = session
        self._url = f"{base_url}/api/calls"
        self._query = {"line_id": line_id}
        self._headers = {"Authorization": f"Bearer {desk_token}"}

    async def look(self) -> dict[str, Any]:
        """The call as the API has it: id, phase, turns; empty when it has nothing."""
        timeout = aiohttp.ClientTimeout(total=API_SECONDS)
        try:
            async with self._session.get(
                self._url, params=self._query, headers=self._headers, timeout=timeout
            ) as response:
                body = await response.json() if response.status == 200 else _NOTHING
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return _NOTHING
        return body if isinstance(body, dict) else _NOTHING


class ScriptedCaller:
    """Plays turns into an answered call. With `skip_answers`, # cuts each answer short once it has begun."""

    def __init__(self, call: AnsweredCall, view: View, *, skip_answers: bool = False) -> None:
        self._call = call
        self._view = view
        self._skip_answers = skip_answers
        self._turns_seen = 0

    async def play(self, turns: Sequence[CallerTurn]) -> AsyncIterator[TurnReport]:
        """A report after each turn. Raises `LineUnavailable` when the bot does not listen, or hangs up too early."""
        for number, turn in enumerate(turns, 1):
            if not await self.bot_listens():
                raise LineUnavailable(f"The bot ended the call before turn {number}.")
            ended_at = await self._do(turn)
            answered_at = await self._answer_begins(ended_at)
            if self._skip_answers and answered_at is not None:
                await self._call.press(SKIP_KEY)
            await self.bot_listens()
            kept = await self._kept_turn()
            yield _report(number, turn, kept, None if answered_at is None else answered_at - ended_at)

    async def bot_listens(self) -> bool:
        """Waits until the bot has finished speaking; False when the call is over instead."""
        try:
            async with asyncio.timeout(BOT_SPEAKS_SECONDS):
                while not self._call.closed.is_set():
                    if await self._listens_now():
                        return True
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise LineUnavailable(f"The bot did not listen within {BOT_SPEAKS_SECONDS:.0f} s.") from None
        return False

    async def _listens_now(self) -> bool:
        phase = (await self._view.look()).get("phase")
        quiet = self._call.quiet_seconds(asyncio.get_running_loop().time())
        if phase is None:
            return quiet is not None and quiet >= SILENCE_MEANS_LISTENING_SECONDS
        return phase == "listening" and (quiet is None or quiet >= QUIET_SECONDS)

    async def _do(self, turn: CallerTurn) -> float:
        """Returns the moment from which the caller waits."""
        if turn.key:
            pressed_at = asyncio.get_running_loop().time()
            await self._call.press(turn.key)
            return pressed_at
        return await self._call.say(turn.pcm)

    async def _answer_begins(self, since: float) -> float | None:
        """When the bot is first heard after `since`; None when the call ends, or nothing is ever heard."""
        deadline = asyncio.get_running_loop().time() + ANSWER_BEGINS_SECONDS
        while True:
            moment = self._call.first_loud_after(since)
            if moment is not None or self._call.closed.is_set() or asyncio.get_running_loop().time() > deadline:
                return moment
            await asyncio.sleep(POLL_SECONDS)

    async def _kept_turn(self) -> dict[str, Any]:
        """The newest turn that the service has written down since the last one."""
        deadline = asyncio.get_running_loop().time() + TURN_STORED_SECONDS
        while True:
            turns = (await self._view.look()).get("turns") or []
            if len(turns) > self._turns_seen:
                self._turns_seen = len(turns)
                return dict(turns[-1])
            if asyncio.get_running_loop().time() > deadline:
                return _NOTHING
            await asyncio.sleep(POLL_SECONDS)


def _report(number: int, turn: CallerTurn, kept: dict[str, Any], wait_seconds: float | None) -> TurnReport:
    return TurnReport(
        turn=number,
        file=str(turn.file) if turn.file else None,
        key=turn.key or None,
        heard=kept.get("heard"),
        confidence=kept.get("confidence"),
        intent=kept.get("intent"),
        outcome=kept.get("outcome"),
        spoken=kept.get("spoken"),
        end_of_speech_to_first_audio_ms=None if wait_seconds is None else round(wait_seconds * 1000),
        segments=kept.get("segments") or {},
    )
