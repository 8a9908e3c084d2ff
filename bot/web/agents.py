"""Who makes a request at the desk: a signed-in person, or a program of the operator that carries the desk token."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.accounts.roles import PERMISSIONS, SERVICE_PERMISSIONS, Permission
from bot.audit.log import SERVICE
from bot.errors import Forbidden
from bot.web.agent_sessions import signed_in
from bot.web.keys import ACCOUNTS, DESK_TOKEN
from bot.web.tokens import bears


@dataclass(frozen=True, slots=True)
class Agent:
    """Ask `may`, never the role. `reference` is its name in the audit log; `session_id` is None for a program."""

    id: str
    name: str
    role: str
    permissions: frozenset[Permission]
    reference: str
    teams: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    session_id: str | None = None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises `Forbidden`."""
        if not self.may(permission):
            raise Forbidden(f"The role does not allow {permission}.")


def current_agent(request: web.Request) -> Agent:
    """Raises `Unauthorized` for nobody, `Forbidden` for a request that the console cannot have made.

    A person who must first change the password or enrol a second factor is refused with that code.
    """
    if bears(request, request.app[DESK_TOKEN]):
        return Agent("desk", "desk", "service", SERVICE_PERMISSIONS, SERVICE)
    found = signed_in(request)
    if pending := request.app[ACCOUNTS].pending(found):
        raise Forbidden("Something must be done first.", pending)
    user = found.user
    return Agent(
        user.id,
        user.name,
        user.role.value,
        PERMISSIONS[user.role],
        user.reference,
        user.teams,
        user.skills,
        found.session.id,
    )
