"""`guichet audit …`: who saw, took, exported or erased what, and whether the log is as it was written."""

from __future__ import annotations

import asyncio
import json as json_format
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import typer

from bot.audit.chain import Chain, Entry, Fault
from bot.audit.checking import check
from bot.audit.log import OPERATOR
from bot.errors import AuditBroken, BadMessage
from bot.settings import Settings, load_settings
from bot.store import Store, database_url, has_been_used

_T = TypeVar("_T")
_HEAD = re.compile(r"(\d+):([0-9a-f]{64})")
_REASONS = {
    "missing": "it is missing",
    "order": "it stands twice or out of order",
    "unlinked": "it does not follow from the entry before: one was changed, removed or put in",
    "changed": "it was changed after it was written",
    "head": "it is not the entry that was noted with --expect",
}

audit_app = typer.Typer(
    help="Who saw, took, exported or erased what. The log holds identifiers, never words of citizens.",
    no_args_is_help=True,
)


@audit_app.command("list")
def list_command(
    last: Annotated[int, typer.Option("--last", min=1, max=100000, help="How many, the newest first.")] = 50,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="REF", help="Only about that, as conversation:ID.")
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", metavar="REF", help="Only by that, as user:ID.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the latest entries. Accounts that still exist are shown by their login."""

    async def work(store: Store, _settings: Settings) -> tuple[list[Entry], dict[str, str]]:
        entries = await store.latest_audit(last, subject=subject, actor=actor)
        return entries, {user.reference: user.login for user in await store.users()}

    entries, logins = _run(work)
    for entry in entries:
        if json:
            line = {"number": entry.number, "at": entry.at.isoformat(), "actor": entry.actor, "action": entry.action}
            print(json_format.dumps(line | {"subject": entry.subject, "detail": entry.details, "hash": entry.hash}))
            continue
        who, what = (logins.get(reference, reference) for reference in (entry.actor, entry.subject))
        detail = " ".join(f"{name}={value}" for name, value in entry.details.items())
        time = entry.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        print(f"{entry.number:>7}  {time}  {who}  {entry.action}  {what}  {detail}".rstrip())
    if not entries and not json:
        print("No entry.")


@audit_app.command("verify")
def verify_command(
    expect: Annotated[
        str,
        typer.Option(
            "--expect", metavar="NUMBER:HASH", help="The last line of an earlier verification: shows a log made anew."
        ),
    ] = "",
) -> None:
    """Verify every entry and its link to the one before. Exit status 1 when one is broken, and its number."""
    expected = _HEAD.fullmatch(expect)
    if expect and not expected:
        raise BadMessage("--expect is a number, a colon and 64 hexadecimal digits, as this command prints them.")
    noted = (int(expected[1]), expected[2]) if expected else None

    async def work(store: Store, _settings: Settings) -> Chain:
        return await verified(store, noted)

    chain = _run(work)
    kept = f", the first {chain.start.through} deleted behind a checkpoint" if chain.start.through else ""
    print(f"{chain.count} entries, all as they were written{kept}.")
    print(f"{chain.head.through}:{chain.head.hash}")


@audit_app.command("prune")
def prune_command(
    before: Annotated[
        datetime | None,
        typer.Option("--before", formats=["%Y-%m-%d"], metavar="DATE", help="Delete what is older than that day."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Verify the log, then delete its old entries behind a checkpoint, so that the rest can still be verified."""

    async def work(store: Store, settings: Settings) -> int:
        days = timedelta(days=settings.accounts.audit_keep_days)
        limit = before.astimezone() if before else datetime.now(UTC) - days
        await verified(store)
        return await store.prune_audit(limit, OPERATOR)

    if not yes and not typer.confirm("Delete the old entries of the audit log for good?"):
        raise typer.Exit(1)
    print(f"{_run(work)} entries deleted.")


async def verified(store: Store, noted: tuple[int, str] | None = None) -> Chain:
    """The whole chain, good. Raises `AuditBroken`, naming the first entry that is not."""
    chain, fault = await check(store, noted)
    if fault is not None:
        raise _broken(fault)
    return chain


def _broken(fault: Fault) -> AuditBroken:
    return AuditBroken(f"The audit log is broken at entry {fault.number}: {_REASONS[fault.reason]}.")


def _run(work: Callable[[Store, Settings], Awaitable[_T]]) -> _T:
    settings = load_settings()
    url = database_url(settings.store.url.get_secret_value(), settings.data_path)
    if not has_been_used(url):
        raise BadMessage(f"No audit log yet: nothing was ever stored under {settings.data_dir}.")

    async def opened() -> _T:
        store = await Store.open(url)
        try:
            return await work(store, settings)
        finally:
            await store.close()

    return asyncio.run(opened())
