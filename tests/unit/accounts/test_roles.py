"""The table of who may do what."""

from __future__ import annotations

from bot.accounts.roles import PERMISSIONS, SERVICE_PERMISSIONS, Permission, Role


def test_every_role_has_its_row_and_every_permission_somebody() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert set().union(*PERMISSIONS.values()) == set(Permission)


def test_only_an_administrator_manages_accounts() -> None:
    assert [role for role in Role if Permission.ACCOUNTS in PERMISSIONS[role]] == [Role.ADMINISTRATOR]
    assert Permission.ACCOUNTS not in SERVICE_PERMISSIONS


def test_a_supervisor_may_all_that_an_agent_may_and_an_editor_takes_no_conversation() -> None:
    assert PERMISSIONS[Role.AGENT] < PERMISSIONS[Role.SUPERVISOR]
    assert Permission.TAKE not in PERMISSIONS[Role.EDITOR]


def test_an_agent_neither_exports_nor_erases_nor_reads_the_log() -> None:
    assert not PERMISSIONS[Role.AGENT] & {Permission.EXPORT, Permission.ERASE, Permission.AUDIT}
