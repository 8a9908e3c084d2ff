"""What the operator decides about the desk, as the desk wants to know it (settings `desk`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.desk.agent_numbers import AgentNumbers
from bot.desk.events import Rules
from bot.settings import DeskSettings, PhoneSettings

_AGENT_SECONDS = 75.0
"""Until an agent who calls back is on the line, and for what is said to both; the ringing comes on top."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`team_by_theme` sends a request to a team by the theme of what the visitor last asked.

    `calls`: callers wait in the queue. `call_ways`: how agents can take them here, the usual way first.
    """

    rules: Rules = field(default_factory=Rules)
    automatic: bool = False
    agent_lost: timedelta = timedelta(seconds=45)
    queue_limit: int = 50
    capacity: int = 3
    callbacks: bool = True
    messages: bool = True
    callbacks_per_slot: int = 2
    callback_within: timedelta = timedelta(hours=24)
    dialling: timedelta = timedelta(minutes=30)
    team_by_theme: Mapping[str, str] = field(default_factory=dict)
    calls: bool = False
    call_ways: tuple[str, ...] = ("browser",)
    numbers: AgentNumbers = field(default_factory=AgentNumbers)

    @classmethod
    def from_settings(cls, desk: DeskSettings, phone: PhoneSettings | None = None) -> Policy:
        """Without `phone` there is no telephone here. Raises `BadSettings`."""
        prefixes = phone.callback_allowed.split(",") if phone else []
        can_dial = phone is not None and bool(phone.dial_as)
        ways = tuple(way for way in desk.call_ways if way == "browser" or can_dial)
        return cls(
            rules=Rules(
                offer=timedelta(seconds=desk.offer_seconds),
                queue=timedelta(minutes=desk.queue_minutes),
                nobody=timedelta(seconds=desk.nobody_seconds),
                idle=timedelta(minutes=desk.idle_minutes),
                wrap_up=timedelta(seconds=desk.wrap_up_seconds),
                missed_call=timedelta(hours=desk.missed_call_hours),
                call_wait=timedelta(minutes=desk.call_wait_minutes),
                reach=timedelta(seconds=_AGENT_SECONDS + (phone.ring_seconds if phone else 0)),
            ),
            automatic=desk.mode == "automatic",
            agent_lost=timedelta(seconds=desk.agent_lost_seconds),
            queue_limit=desk.queue_limit,
            capacity=desk.capacity,
            callbacks=desk.callbacks,
            messages=desk.messages,
            callbacks_per_slot=desk.callbacks_per_slot,
            callback_within=timedelta(hours=desk.callback_hours),
            dialling=timedelta(minutes=desk.dialling_minutes),
            team_by_theme=desk.team_by_theme,
            calls=phone is not None and desk.calls == "desk" and bool(ways),
            call_ways=ways,
            numbers=AgentNumbers(desk.agent_extensions, tuple(one.strip() for one in prefixes if one.strip())),
        )
