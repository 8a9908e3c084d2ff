"""`guichet calls …`: what happened in the calls, read from the store, whether the service runs or not."""

from __future__ import annotations

import asyncio
import json as json_format
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, time
from typing import Annotated, Any, TypeVar

import typer

from bot.call_findings import Finding, findings
from bot.call_json import conversation_json, summary_json
from bot.call_timeline import Role, call_list, timeline
from bot.dialogue import Channel
from bot.errors import BadMessage
from bot.settings import load_settings
from bot.store import CallSummary, ConversationRecord, HandoverRecord, Store, database_url, has_been_used

_T = TypeVar("_T")
_NARROWEST = 60
_WIDEST = 120
_COLOURS: dict[Role, dict[str, Any]] = {
    Role.TITLE: {"bold": True},
    Role.WORDS: {"fg": typer.colors.CYAN},
    Role.FAINT: {"dim": True},
    Role.TROUBLE: {"fg": typer.colors.RED},
}

calls_app = typer.Typer(
    help="What happened in the calls: list them, read one, have it explained.", no_args_is_help=True
)
CallArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A call's id or its beginning, its line id (the SIP Call-ID), or `last`.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON, as the API gives it.")]


@calls_app.command("list")
def list_command(
    last: Annotated[int, typer.Option("--last", min=1, max=10000, help="How many, the newest first.")] = 20,
    today: Annotated[bool, typer.Option("--today", help="Only those of today.")] = False,
    json: JsonOption = False,
) -> None:
    """List the latest calls. With --json, one object a line."""
    since = datetime.combine(datetime.now().astimezone().date(), time()).astimezone() if today else None

    async def read(store: Store) -> list[CallSummary]:
        return await store.calls(last, since=since)

    calls = _from_store(read)
    if json:
        for call in calls:
            print(_as_json(summary_json(call)))
    elif not calls:
        print("No call today." if today else "No call yet.")
    else:
        _print(call_list(calls, None, _paint))


@calls_app.command("show")
def show_command(call_id: CallArgument, json: JsonOption = False) -> None:
    """Show a whole call: what was heard, how sure, what was decided and said, where the time went."""
    call, handover = _found(call_id)
    if json:
        print(_as_json(conversation_json(call)))
    else:
        width = min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size().columns))
        _print(timeline(call, handover, width=width, paint=_paint))


@calls_app.command("explain")
def explain_command(call_id: CallArgument, json: JsonOption = False) -> None:
    """Name the slowest step of a call and whatever was unusual, with the remedy. With --json, one object a line."""
    found = findings(*_found(call_id))
    if json:
        for finding in found:
            print(_as_json({"where": finding.where, "what": finding.what, "remedy": finding.remedy}))
    else:
        _print([line for finding in found for line in _explained(finding)] or ["Nothing unusual."])


def _found(call_id: str) -> tuple[ConversationRecord, HandoverRecord | None]:
    async def read(store: Store) -> tuple[ConversationRecord, HandoverRecord | None]:
        call = await find(store, call_id)
        return call, await store.handover(call.id)

    return _from_store(read)


async def find(store: Store, wanted: str) -> ConversationRecord:
    """The call that is meant. Raises `BadMessage` when there is none, or several."""
    if wanted == "last":
        ids = [call.id for call in await store.calls(1)]
    else:
        ids = await store.call_ids(wanted.lower())
    if len(ids) > 1:
        raise BadMessage(
            "Several calls begin like this: give more of the id. `guichet calls list --json` has all of it."
        )
    call = await store.conversation(ids[0]) if ids else await store.conversation_by_line(wanted)
    if call is None or call.channel is not Channel.PHONE:
        raise BadMessage(
            "No call yet."
            if wanted == "last"
            else "No such call, or it has been erased: `guichet calls list` has them."
        )
    return call


def _from_store(read: Callable[[Store], Awaitable[_T]]) -> _T:
    """What `read` gives. Raises `BadMessage` when nothing was ever stored, rather than make an empty database."""
    settings = load_settings()
    url = database_url(settings.store.url.get_secret_value(), settings.data_path)
    if not has_been_used(url):
        raise BadMessage(
            f"No call yet: nothing was ever stored under {settings.data_dir}. `guichet serve` answers calls."
        )

    async def opened() -> _T:
        store = await Store.open(url)
        try:
            return await read(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def _explained(finding: Finding) -> list[str]:
    where = f"{finding.where}: " if finding.where else ""
    remedy = [f"    {finding.remedy}."] if finding.remedy else []
    return [_paint(f"{where}{finding.what}.", Role.TITLE), *remedy]


def _paint(text: str, role: Role) -> str:
    """Colours, for a terminal that wants them."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return typer.style(text, **_COLOURS[role])


def _print(lines: list[str]) -> None:
    print("\n".join(lines))


def _as_json(value: dict[str, Any]) -> str:
    return json_format.dumps(value, ensure_ascii=False)
