"""Roles and what each may do: one table, read by the routes, the console and the tests.

Handlers ask for a permission, never for a role: a new role is a new row here and nothing else. A person has one role;
an administrator has every permission, because in a small town hall one person does everything.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What a route can ask for."""

    TAKE = "desk.take"  # see the queue, take, answer, return, transfer, note, wrap up
    SUPERVISE = "desk.supervise"  # see every agent, assign and take over conversations
    READ = "conversations.read"  # past conversations and calls, with the bot's view
    ERASE = "conversations.erase"
    EXPORT = "conversations.export"
    CALL_BACK = "callbacks.dial"
    REPORTS = "reports.read"
    ANNOTATE = "learning.annotate"  # was the bot right?
    EDIT = "knowledge.edit"  # canned texts, corrections waiting for review
    HOURS = "hours.edit"
    AUDIT = "audit.read"
    ACCOUNTS = "accounts.manage"


_AGENT = frozenset({Permission.TAKE, Permission.READ, Permission.CALL_BACK, Permission.ANNOTATE})
_SUPERVISOR = _AGENT | {
    Permission.SUPERVISE,
    Permission.ERASE,
    Permission.EXPORT,
    Permission.REPORTS,
    Permission.HOURS,
    Permission.AUDIT,
}
_EDITOR = frozenset({Permission.READ, Permission.ANNOTATE, Permission.EDIT, Permission.REPORTS})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.EDITOR: _EDITOR,
    Role.ADMINISTRATOR: frozenset(Permission),
}

# What the desk token may: all the work of the desk, for the operator's own programs; never the accounts.
SERVICE_PERMISSIONS = _SUPERVISOR | _EDITOR
