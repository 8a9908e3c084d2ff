"""The telephone's part of the wiring: settings → patience, ways to people, and the line processes' commands."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bot import phone_numbers
from bot.errors import Busy, Conflict, LineUnavailable
from bot.notify import HookNotifier
from bot.opening_hours import Hours
from bot.settings import PROJECT_DIR, Settings
from bot.supervisor import ChildSpec
from voice.calls import Calls, ToPeople
from voice.framing import DialFailed
from voice.leg import CallInfo, TransferMode
from voice.patience import Patience
from voice.session import SendLink
from voice.to_a_person import Closed

LINE_START_SECONDS = 30.0
DESK_FIRST_SECONDS = 15.0
"""The desk ends a caller's wait by itself. A call does only when it hears nothing of that."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def patience(settings: Settings) -> Patience:
    """Every limit of a call that has a setting, at its setting."""
    chosen = settings.conversation.model_dump()
    known = {field.name for field in fields(Patience)}
    limits = {name: value for name, value in chosen.items() if name in known}
    return Patience(
        **limits,
        dialogue_seconds=settings.dialogue.answer_timeout_seconds + 1.0,
        call_wait_seconds=settings.desk.call_wait_minutes * 60.0 + DESK_FIRST_SECONDS,
    )


def to_people(
    settings: Settings, notifier: HookNotifier, hours: Hours | None = None, clock: Callable[[], datetime] = utc_now
) -> ToPeople:
    """How callers of this installation reach a person; by default, at any hour."""

    def link_for(conversation_id: str, number: str) -> SendLink | None:
        if not notifier.enabled or not phone_numbers.is_mobile(number):
            return None

        def send(title: str, url: str) -> Awaitable[bool]:
            return notifier.send_link(conversation_id, number, title, url)

        return send

    def closed() -> Closed | None:
        now = clock()
        if hours is None or hours.is_open(now):
            return None
        return Closed(hours.sentence(), hours.reopening(now))

    return ToPeople(
        transfer_to=settings.phone.transfer_to,
        transfer_mode=TransferMode(settings.phone.transfer_mode),
        callbacks=settings.phone.offer_callback,
        number_of=caller_number,
        is_number=lambda number: phone_numbers.normalised(number) is not None,
        link_for=link_for,
        closed=closed,
    )


def caller_number(info: CallInfo) -> str:
    """The number that the line announces, in E.164; empty when it is hidden or not a person's."""
    announced = info.headers.get("P-Asserted-Identity", "") or info.caller
    found = re.search(r"(?:sips?|tel):([^@;>]+)", announced)
    number = found[1] if found else announced
    return phone_numbers.normalised(number) or ""


def line_process(
    settings: Settings,
    module: str,
    socket_path: Path,
    on_event: Callable[[Mapping[str, object]], None] = lambda event: None,
) -> ChildSpec:
    """`voice.sip` or `voice.lines` as a supervised process that ends with the gateway."""
    argv = [sys.executable, "-m", module, "--socket", str(socket_path), "--follow-parent"]
    env = {"PYTHONPATH": str(PROJECT_DIR)} | secrets_of(settings)
    name = "phone" if module == "voice.sip" else "lines"
    return ChildSpec(name, argv, env=env, start_timeout_seconds=LINE_START_SECONDS, on_event=on_event)


def secrets_of(settings: Settings) -> dict[str, str]:
    """Secrets travel in the environment, never in arguments."""
    lines = settings.lines
    return {
        "GUICHET_PHONE__PASSWORD": settings.phone.password.get_secret_value(),
        "GUICHET_LINES__PBX_PASSWORD": lines.pbx_password.get_secret_value(),
        "GUICHET_LINES__TWILIO_AUTH_TOKEN": lines.twilio_auth_token.get_secret_value(),
        "GUICHET_LINES__MEDIA_TOKEN": lines.media_token.get_secret_value(),
    }


class DialsOut(Protocol):
    """A line that places calls (`voice.line_server.LineServer`)."""

    @property
    def can_dial(self) -> bool: ...

    async def dial(self, target: str, reference: str) -> None: ...

    async def stop_dialling(self, reference: str) -> None: ...


class PromisedCalls:
    """Calls people back: `bot.web.keys.Callbacks`. One call at a time for a conversation, to allowed numbers only."""

    def __init__(self, settings: Settings) -> None:
        self._dial_as = settings.phone.dial_as
        self._allowed = [prefix.strip() for prefix in settings.phone.callback_allowed.split(",") if prefix.strip()]
        self._calls: Calls | None = None
        self._line: DialsOut | None = None
        self._under_way: set[str] = set()

    def serve(self, calls: Calls, line: DialsOut) -> None:
        """From now on calls can be placed."""
        self._calls, self._line = calls, line

    async def call_back(self, conversation_id: str, number: str) -> None:
        """See `bot.web.keys.Callbacks`."""
        await self.ring(conversation_id, number)

    def check(self, number: str) -> None:
        """See `bot.web.keys.Callbacks`."""
        self._target(number)
        if self._calls is not None and self._calls.is_full:
            raise Busy("All places are taken: try again when a call has ended.")

    async def ring(self, reference: str, number: str) -> None:
        """See `bot.web.keys.Callbacks`."""
        line, target = self._target(number)
        if reference in self._under_way or (self._calls is not None and self._calls.is_called_back(reference)):
            raise Conflict("This person is being called back at this moment.")
        self.check(number)
        self._under_way.add(reference)
        try:
            await line.dial(target, reference)
        except BaseException:
            self._under_way.discard(reference)
            raise

    async def stop(self, reference: str) -> None:
        """See `bot.web.keys.Callbacks`."""
        if self._line is not None:
            await self._line.stop_dialling(reference)

    def _target(self, number: str) -> tuple[DialsOut, str]:
        """The line, and what it is to dial."""
        dialled = phone_numbers.dialable(number, self._allowed)
        if not self._dial_as or self._line is None:
            raise LineUnavailable("The line places no calls: phone.dial_as says how a number is dialled.")
        return self._line, self._dial_as.format(number=dialled)

    def answered(self, conversation_id: str) -> None:
        """The call has come to the gateway."""
        self._under_way.discard(conversation_id)

    def failed(self, failure: DialFailed) -> None:
        """Nobody answered."""
        self._under_way.discard(failure.reference)
