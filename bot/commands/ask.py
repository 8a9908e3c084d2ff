"""`guichet ask`: typed questions, each in a fresh conversation, through the running service."""

from __future__ import annotations

import asyncio
import json as json_format
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

import aiohttp
import typer

from bot.commands.packs import PackOption, settings_for
from bot.dialogue import Channel
from bot.errors import BadMessage, Unavailable
from bot.running import running_service
from bot.settings import Settings

CONTRACT_FIELDS = ("question", "intent", "confidence", "ranking", "outcome", "answers", "choices", "text")


def ask_command(
    questions: Annotated[list[str] | None, typer.Argument(help="Questions; without any, one a line of stdin.")] = None,
    channel: Annotated[Channel, typer.Option(help="Wording of the answers.")] = Channel.WEB,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Also the ranking, the thresholds and the nearest examples.")
    ] = False,
    pack: PackOption = None,
) -> None:
    """Ask questions, each in a fresh conversation, and print the answers with their sources."""
    given = questions or [line.strip() for line in sys.stdin if line.strip()]
    if not given:
        raise BadMessage("No question: give one as an argument, or one a line on standard input.")
    asyncio.run(_ask_all(settings_for(pack), given, channel, json, why))


async def _ask_all(settings: Settings, questions: list[str], channel: Channel, as_json: bool, why: bool) -> None:
    async with aiohttp.ClientSession() as session, running_service(session, settings) as url:
        for question in questions:
            reply = await ask_once(session, settings, url, question, channel)
            if as_json:
                fields = (*CONTRACT_FIELDS, "why") if why else CONTRACT_FIELDS
                line = {"question": question} | reply
                print(json_format.dumps({name: line.get(name) for name in fields}, ensure_ascii=False), flush=True)
            else:
                print(_readable(question, reply, why), flush=True)


async def ask_once(
    session: aiohttp.ClientSession, settings: Settings, url: str, question: str, channel: Channel
) -> dict[str, Any]:
    """The API's reply to one question in a conversation of its own, erased afterwards."""
    async with conversation(session, settings, url, channel) as say:
        return await say(question)


@asynccontextmanager
async def conversation(
    session: aiohttp.ClientSession, settings: Settings, url: str, channel: Channel
) -> AsyncIterator[Callable[[str], Awaitable[dict[str, Any]]]]:
    """A conversation over the API, erased at the end; what it yields asks one question."""
    origin = {"Origin": url}  # the server's own: other pages' requests are refused
    desk = origin | {"Authorization": f"Bearer {settings.desk_token()}"}
    opened = await _call(session, "POST", f"{url}/api/conversations", desk, {"channel": channel.value})
    own = origin | {"Authorization": f"Bearer {opened['token']}"}
    place = f"{url}/api/conversations/{opened['id']}"

    async def say(question: str) -> dict[str, Any]:
        return await _call(session, "POST", f"{place}/messages", own, {"client_id": uuid4().hex, "text": question})

    try:
        yield say
    finally:
        async with session.delete(place, headers=own):
            pass


async def _call(
    session: aiohttp.ClientSession, method: str, url: str, headers: dict[str, str], body: dict[str, Any]
) -> dict[str, Any]:
    try:
        async with session.request(method, url, headers=headers, json=body) as response:
            answer: dict[str, Any] = await response.json()
    except aiohttp.ClientError as error:
        raise Unavailable(
            f"The service does not answer ({type(error).__name__}): is `guichet serve` running?"
        ) from None
    if response.status >= 500:
        raise Unavailable(answer["error"]["text"])
    if response.status >= 400:
        raise BadMessage(answer["error"]["text"])
    return answer


def explained(ranking: list[dict[str, Any]], why: dict[str, Any]) -> list[str]:
    """Ranking, gauges beside their borders, the way the decision was reached, nearest examples: one line each."""
    lines = [f"{one['confidence']:.3f} {one['intent']}" for one in ranking]
    borders = why.get("borders") or {}
    if borders:
        lines.append(
            f"sure of the first: {why['sureness']:.2f} (answered from {borders['direct']:.2f}); "
            f"right one among three: {why['chance']:.2f} (offered from {borders['offer']:.2f})"
        )
    if why.get("reason"):
        lines.append(f"settled by: {why['reason'].replace('_', ' ')}")
    if why.get("pointer"):
        lines.append(f"foreign; nearest other service: {why['pointer']}")
    lines += [f"{one['similarity']:.2f} {one['intent']}: « {one['text']} »" for one in why.get("nearest") or ()]
    return lines


def _readable(question: str, reply: dict[str, Any], why: bool) -> str:
    lines = [f"> {question}", f"[{reply['outcome']}] {reply['intent']} ({reply['confidence']:.2f})"]
    for answer in reply["answers"]:
        lines.append(answer["text"])
        if answer["source"]:
            lines.append(f"Source : {answer['source']} ({answer['source_url']}), vérifié le {answer['verified_on']}")
    if reply["text"]:
        lines.append(reply["text"])
    lines += [f"  {number}. {choice['text']}" for number, choice in enumerate(reply["choices"], 1)]
    if why:
        lines += ["Why:", *(f"  {line}" for line in explained(reply["ranking"], reply.get("why") or {}))]
    return "\n".join(lines) + "\n"
