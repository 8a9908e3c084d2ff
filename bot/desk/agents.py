"""Who works at the desk: what the desk must know of the person or program behind a request of the console."""

from __future__ import annotations

from typing import Protocol

from bot.accounts.roles import Permission
from bot.desk.events import Who


class Agent(Protocol):
    """`bot.web.agents.Agent`. `name` is shown to visitors. Without teams an agent belongs to all of them."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def teams(self) -> tuple[str, ...]: ...
    @property
    def skills(self) -> tuple[str, ...]: ...

    def may(self, permission: Permission) -> bool: ...


def who(agent: Agent) -> Who:
    """The agent as the state machine knows it."""
    return Who(agent.id, agent.name, agent.may(Permission.SUPERVISE))
