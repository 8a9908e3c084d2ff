"""`guichet serve`: the whole service, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Annotated

import typer

from bot.app import Gateway
from bot.commands.packs import PackOption, settings_for
from bot.errors import Misconfigured
from bot.logs import configure_logs
from bot.settings import Settings


def serve_command(
    phone: Annotated[bool, typer.Option(help="Answer the telephone.")] = True,
    pack: PackOption = None,
) -> None:
    """Serve the chat page, the API and the telephone line, and keep Rasa and the other processes running."""
    settings = settings_for(pack)
    configure_logs(settings.log)
    if not settings.dialogue_model_path.exists() and settings.dialogue.supervise:
        raise Misconfigured(
            f"No dialogue model yet for the pack {settings.load_pack().name}: `guichet train` makes it, with the same "
            "--pack if you gave one (about five minutes the first time)."
        )
    asyncio.run(_serve(settings, phone))


async def _serve(settings: Settings, phone: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    gateway = Gateway(settings, phone=phone)
    async with gateway.running():
        settings.pid_file.parent.mkdir(parents=True, exist_ok=True)
        settings.pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
        announce = asyncio.create_task(_announce(gateway))
        await stop.wait()
        announce.cancel()
        _say("Stopping.")
        settings.pid_file.unlink(missing_ok=True)


async def _announce(gateway: Gateway) -> None:
    """Tells what is happening, then where to go."""
    settings = gateway.settings
    _say(f"Starting on http://{settings.web.host}:{settings.web.port}/ (Rasa takes about 15 s) …")
    await gateway.ready.wait()
    parts = await gateway.health.parts()
    for name, part in parts.items():
        if part.detail:
            _say(f"  {name}: {part.condition.value}. {part.detail}")
    _say(f"Ready.\n  Website chat http://{settings.web.host}:{settings.web.port}/")
    _say(f"  Health       http://{settings.web.host}:{settings.web.port}/health")
    if gateway.with_phone:
        _say(f"  Telephone    sip:guichet@{settings.phone.host}:{settings.phone.port}")
        _say("  Test call    guichet call tests/audio/adherer.wav --record answer.wav")
    _say(f"  Console      http://{settings.web.host}:{settings.web.port}/console/")
    _say("               (the first account: guichet users add LOGIN --role administrator)")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
