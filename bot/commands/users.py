"""`guichet users …`: the accounts of those who sign in to the console. The first administrator is made here."""

from __future__ import annotations

import asyncio
import json as json_format
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from bot.accounts.names import compared_login
from bot.accounts.roles import Role
from bot.accounts.service import Accounts
from bot.audit.log import OPERATOR
from bot.errors import BadMessage, UnknownAccount
from bot.settings import load_settings
from bot.store import Store, database_url
from bot.store.account_records import UserRecord
from bot.web.accounts import user_json
from bot.web.with_accounts import make_accounts

_T = TypeVar("_T")

users_app = typer.Typer(
    help="Accounts of those who sign in to the console. Changes hold at once, whether the service runs or not: "
    "who is signed in is signed out when a role or password changes.",
    no_args_is_help=True,
)
LoginArgument = Annotated[
    str, typer.Argument(metavar="LOGIN", help="The name at sign-in, as marie.martin or an e-mail address.")
]
RoleArgument = Annotated[
    Role,
    typer.Argument(
        metavar="ROLE",
        help="agent: the queue and conversations; supervisor: agents, exports, erasure, the audit log too; "
        "editor: texts and annotations, no queue; administrator: everything, accounts too.",
    ),
]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input (one line) and do not ask.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@users_app.command("add")
def add_command(
    login: LoginArgument,
    *,
    role: Annotated[
        Role, typer.Option("--role", metavar="ROLE", help="agent, supervisor, editor or administrator.")
    ] = Role.AGENT,
    name: Annotated[str, typer.Option("--name", help="How colleagues and visitors see the person.")] = "",
    team: Annotated[list[str] | None, typer.Option("--team", metavar="CODE", help="A team; may be repeated.")] = None,
    skill: Annotated[
        list[str] | None, typer.Option("--skill", metavar="CODE", help="A skill; may be repeated.")
    ] = None,
    password_stdin: StdinOption = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Only the OpenID provider signs this person in.")
    ] = False,
    must_change: Annotated[
        bool, typer.Option("--must-change/--keep", help="Whether the person must choose another password first.")
    ] = False,
) -> None:
    """Add an account; the password is asked without being shown."""
    if no_password and password_stdin:
        raise BadMessage("--no-password and --password-stdin exclude each other.")
    password = None if no_password else _new_password(password_stdin)

    async def work(accounts: Accounts) -> UserRecord:
        return await accounts.add(
            login, name, role, password, by=OPERATOR, must_change=must_change, teams=team or (), skills=skill or ()
        )

    user = _run(work)
    print(f"{user.login} added as {user.role}.")


@users_app.command("list")
def list_command(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the accounts."""

    async def work(accounts: Accounts) -> list[UserRecord]:
        return await accounts.store.users()

    users = _run(work)
    if json:
        for user in users:
            print(json_format.dumps(user_json(user), ensure_ascii=False))
        return
    if not users:
        print("No account yet: `guichet users add LOGIN --role administrator` makes the first.")
        return
    width = max(len(user.login) for user in users)
    for user in users:
        marks = [
            mark
            for mark, holds in (
                ("disabled", user.disabled_at is not None),
                ("second factor", user.has_totp),
                ("OpenID", user.oidc_subject is not None),
                ("no password", user.password_hash is None),
                ("must change password", user.must_change_password),
            )
            if holds
        ]
        teams = f"  teams: {', '.join(user.teams)}" if user.teams else ""
        print(f"{user.login:{width}}  {user.role:13}  {_printable(user.name)}{teams}  {', '.join(marks)}".rstrip())


@users_app.command("role")
def role_command(login: LoginArgument, role: RoleArgument) -> None:
    """Give another role; the person is signed out."""

    async def work(accounts: Accounts) -> None:
        await accounts.set_role(await _found(accounts, login), role, by=OPERATOR, guarded=False)

    _run(work)
    print(f"{login} is {role} now.")


@users_app.command("assign")
def assign_command(
    login: LoginArgument,
    team: Annotated[list[str] | None, typer.Option("--team", metavar="CODE", help="A team; may be repeated.")] = None,
    skill: Annotated[
        list[str] | None, typer.Option("--skill", metavar="CODE", help="A skill; may be repeated.")
    ] = None,
) -> None:
    """Set the teams and skills, instead of those before; none given means none."""

    async def work(accounts: Accounts) -> None:
        await accounts.assign(await _found(accounts, login), team or (), skill or (), by=OPERATOR)

    _run(work)
    print(f"{login}: teams {', '.join(team or ()) or 'none'}, skills {', '.join(skill or ()) or 'none'}.")


@users_app.command("password")
def password_command(
    login: LoginArgument,
    password_stdin: StdinOption = False,
    must_change: Annotated[
        bool, typer.Option("--must-change/--keep", help="Whether the person must choose another one first.")
    ] = True,
) -> None:
    """Set a new password, asked without being shown; the person is signed out."""

    async def known(accounts: Accounts) -> None:
        await _found(accounts, login)

    _run(known)  # before anything is typed
    password = _new_password(password_stdin)

    async def work(accounts: Accounts) -> None:
        await accounts.set_password(await _found(accounts, login), password, by=OPERATOR, must_change=must_change)

    _run(work)
    print(f"New password for {login}{', to be changed at the next sign-in' if must_change else ''}.")


@users_app.command("disable")
def disable_command(login: LoginArgument) -> None:
    """Keep an account from signing in; the person is signed out."""
    _set_disabled(login, True)
    print(f"{login} is disabled. `guichet users enable {login}` allows it again.")


@users_app.command("enable")
def enable_command(login: LoginArgument) -> None:
    """Let a disabled account sign in again."""
    _set_disabled(login, False)
    print(f"{login} may sign in again.")


@users_app.command("totp-reset")
def totp_reset_command(login: LoginArgument) -> None:
    """Take the second factor off, for who has lost telephone and recovery codes; the person is signed out."""

    async def work(accounts: Accounts) -> None:
        await accounts.reset_totp(await _found(accounts, login), by=OPERATOR)

    _run(work)
    print(f"{login} has no second factor now.")


@users_app.command("remove")
def remove_command(login: LoginArgument, yes: YesOption = False) -> None:
    """Remove an account for good. The audit log keeps its identifier, which then names nobody."""
    if not yes and not typer.confirm(f"Remove {login} for good? `guichet users disable` keeps the account."):
        raise typer.Exit(1)

    async def work(accounts: Accounts) -> None:
        await accounts.remove(await _found(accounts, login), by=OPERATOR, guarded=False)

    _run(work)
    print(f"{login} is removed.")


def _set_disabled(login: str, disabled: bool) -> None:
    async def work(accounts: Accounts) -> None:
        await accounts.set_disabled(await _found(accounts, login), disabled, by=OPERATOR, guarded=False)

    _run(work)


async def _found(accounts: Accounts, login: str) -> UserRecord:
    user = await accounts.store.user_by_login(compared_login(login))
    if user is None:
        raise UnknownAccount("No account of that name: `guichet users list` has them.")
    return user


def _new_password(from_stdin: bool) -> str:
    if from_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise BadMessage("Standard input holds no password.")
        return line
    if not sys.stdin.isatty():
        raise BadMessage("No terminal to ask for the password: use --password-stdin.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="Again"))


def _run(work: Callable[[Accounts], Awaitable[_T]]) -> _T:
    settings = load_settings()
    url = database_url(settings.store.url.get_secret_value(), settings.data_path)

    async def opened() -> _T:
        store = await Store.open(url)
        try:
            return await work(make_accounts(store, settings))
        finally:
            await store.close()

    return asyncio.run(opened())


def _printable(text: str) -> str:
    """Names come from outside: nothing in them may steer the terminal."""
    return "".join(char if char.isprintable() else "·" for char in text)
