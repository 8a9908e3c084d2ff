"""The real Rasa with the trained model, and the real action server, on free ports, for a test module."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.processes import actions_command, actions_ready, rasa_command, rasa_ready
from bot.settings import PROJECT_DIR, Settings, load_settings
from tests.ports import free_port
from tests.processes import end


@dataclass(slots=True)
class Running:
    """Rasa and the action server on free ports, writing to one log."""

    settings: Settings
    log: Path
    actions: subprocess.Popen[bytes]
    rasa: subprocess.Popen[bytes]


@contextmanager
def running_dialogue(log: Path) -> Iterator[Running]:
    """Both are ready on entering and ended on leaving."""
    urls = {"rasa_url": f"http://127.0.0.1:{free_port()}", "actions_url": f"http://127.0.0.1:{free_port()}"}
    settings = load_settings(dialogue={**load_settings().dialogue.model_dump(), **urls, "answer_timeout_seconds": 20})
    started = Running(
        settings, log, _start(actions_command(settings), settings, log), _start(rasa_command(settings), settings, log)
    )
    try:
        asyncio.run(_wait_until_ready(started))
        yield started
    finally:
        for process in (started.rasa, started.actions):
            end(process, 30)


def _start(command: tuple[list[str], dict[str, str]], settings: Settings, log: Path) -> subprocess.Popen[bytes]:
    argv, environment = command
    ours = {
        "GUICHET_DIALOGUE__RASA_URL": settings.dialogue.rasa_url,
        "GUICHET_DIALOGUE__ACTIONS_URL": settings.dialogue.actions_url,
    }
    with log.open("ab") as file:
        return subprocess.Popen(
            argv,
            cwd=PROJECT_DIR,
            env={**os.environ, **environment, **ours},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


async def _wait_until_ready(running: Running) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(running.settings.dialogue.start_timeout_seconds):
        while not (await rasa_ready(session, running.settings) and await actions_ready(session, running.settings)):
            assert running.rasa.poll() is None, running.log.read_text(encoding="utf-8")[-2000:]
            assert running.actions.poll() is None, running.log.read_text(encoding="utf-8")[-2000:]
            await asyncio.sleep(0.2)
