"""What the desk needs of the calls of its gateway, and how a caller and an agent are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.desk.agents import Agent
from bot.desk.events import Case
from bot.store.desk_records import AgentRecord

BROWSER, PHONE, TRANSFER = "browser", "phone", "transfer"
CONNECTING, RINGING, JOINED, HELD, LOST = "connecting", "ringing", "joined", "held", "lost"
CALLING = "calling"
"""The agent is there, and the telephone of the person rings whom they call back."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a caller and the agent who has the call are joined: `Handover.line` of docs/desk.md."""

    way: str
    state: str
    since: datetime


class Telephone(Protocol):
    """The callers of this gateway (`bot.desk.callers.Callers`). `changes` counts what no database knows."""

    @property
    def changes(self) -> int: ...

    def on_line(self, conversation_id: str) -> bool:
        """Whether this gateway holds the call."""
        ...

    def line(self, conversation_id: str) -> Line | None:
        """None while no agent has the call, and when another gateway holds it."""
        ...

    def taken(self, case: Case, agent: Agent, way: str, phone: str) -> None:
        """This agent has the call, and is to be brought to the caller."""
        ...

    def call_back(self, case: Case, number: str, agent: Agent, way: str, phone: str) -> None:
        """This agent calls `number`, as promised: the agent is brought first, then the person is called."""
        ...

    def hold(self, conversation_id: str, on: bool) -> None:
        """Music for the caller, or the agent again."""
        ...

    async def keep_alive(self, live: Sequence[Case], agents: Sequence[AgentRecord]) -> set[str]:
        """The agents who speak with a caller of this gateway: they are there, and their conversations not idle."""
        ...
