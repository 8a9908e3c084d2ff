"""`guichet doctor`: what is wrong with this installation, and the remedy of each fault."""

from __future__ import annotations

import asyncio
import json as json_format
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from bot.commands.packs import PackOption, settings_for
from bot.errors import GuichetError
from bot.knowledge import load_knowledge
from bot.running import health_of
from bot.settings import PROJECT_DIR, Settings
from bot.store import Store, database_url

_DISK_FREE_BYTES = 2 * 1024**3
_MEMORY_BYTES = 3 * 1000**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `detail` says what was found, and when it is bad, what to do."""

    name: str
    ok: bool
    detail: str


def doctor_command(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    pack: PackOption = None,
) -> None:
    """Look for what is wrong with this installation. Exit status 1 when something is."""
    settings = settings_for(pack)
    findings = [_examined(name, look, settings) for name, look in _LOOKS.items()]
    for finding in findings:
        if json:
            print(json_format.dumps(asdict(finding), ensure_ascii=False))
        else:
            print(f"{'ok   ' if finding.ok else 'FAULT'}  {finding.name}: {finding.detail}")
    faults = sum(not finding.ok for finding in findings)
    if not json:
        print(f"\n{faults} fault{'s' if faults != 1 else ''} found." if faults else "\nAll is well.")
    if faults:
        raise typer.Exit(1)


def _examined(name: str, look: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(name, True, look(settings))
    except GuichetError as error:
        return Finding(name, False, str(error))
    except _Fault as fault:
        return Finding(name, False, str(fault))


class _Fault(Exception):
    """Something is wrong; the text names the remedy."""


def _knowledge(settings: Settings) -> str:
    pack = settings.load_pack()
    knowledge = load_knowledge(pack)
    pack.prompts()
    translated = {
        language: sum(language in subject.translations for subject in knowledge.topics)
        for language in pack.languages
        if language != "fr"
    }
    others = "".join(f", {count} also in {language}" for language, count in translated.items())
    return f"pack {pack.name}, {len(knowledge.topics)} subjects{others}, {len(knowledge.examples)} examples."


def _rasa_environment(settings: Settings) -> str:
    python = PROJECT_DIR / settings.dialogue.rasa_python
    if not python.exists():
        raise _Fault(f"{settings.dialogue.rasa_python} is missing: `make setup` installs it.")
    code = "from importlib.metadata import version; print(version('rasa'))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise _Fault("Rasa is not installed in its environment: `make setup` installs it.")
    return f"Rasa {done.stdout.strip()}."


def _dialogue_model(settings: Settings) -> str:
    path = settings.dialogue_model_path
    if not path.exists():
        raise _Fault("No trained model for this pack: `guichet train` makes it.")
    return f"{path.stat().st_size / 1e6:.1f} MB."


def _speech_models(settings: Settings) -> str:
    from voice.engines import check_models

    check_models(settings)
    return "Recogniser and voice are complete."


def _database(settings: Settings) -> str:
    async def look() -> None:
        store = await Store.open(database_url(settings.store.url.get_secret_value(), settings.data_path))
        try:
            await store.ping()
        finally:
            await store.close()

    asyncio.run(look())
    return "Answers."


def _disk(settings: Settings) -> str:
    path = settings.data_path if settings.data_path.exists() else PROJECT_DIR
    free = shutil.disk_usage(path).free
    if free < _DISK_FREE_BYTES:
        raise _Fault(f"{free / 1e9:.1f} GB free under {settings.data_dir}: make room, 2 GB at least.")
    return f"{free / 1e9:.0f} GB free."


def _memory(settings: Settings) -> str:
    with Path("/proc/meminfo").open(encoding="ascii") as file:
        available = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    if available < _MEMORY_BYTES and not _answers(settings):
        raise _Fault(f"{available / 1e9:.1f} GB of memory available: Guichet needs 3 GB.")
    return f"{available / 1e9:.1f} GB available."


def _ports(settings: Settings) -> str:
    if _answers(settings):
        return "The service is running."
    wanted = {"web.port": (settings.web.host, settings.web.port, socket.SOCK_STREAM)}
    if settings.phone.enabled:
        wanted["phone.port"] = (settings.phone.host, settings.phone.port, socket.SOCK_DGRAM)
    for name, (host, port, kind) in wanted.items():
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind is socket.SOCK_STREAM))
            try:
                probe.bind((host, port))
            except OSError as error:
                raise _Fault(f"{name} {host}:{port} cannot be used ({error.strerror}): choose another.") from None
    return "Free."


def _service(settings: Settings) -> str:
    async def ask() -> str:
        async with aiohttp.ClientSession() as session:
            health = await health_of(session, settings)
        if health is None:
            return "Not running."
        bad = {name: part for name, part in health["parts"].items() if part["status"] not in ("ok", "off")}
        if bad:
            raise _Fault("; ".join(f"{name} {part['status']}: {part['detail']}" for name, part in bad.items()))
        return f"Running, {health['status']}."

    return asyncio.run(ask())


def _answers(settings: Settings) -> bool:
    async def ask() -> bool:
        async with aiohttp.ClientSession() as session:
            return await health_of(session, settings) is not None

    return asyncio.run(ask())


_LOOKS: dict[str, Callable[[Settings], str]] = {
    "knowledge": _knowledge,
    "Rasa environment": _rasa_environment,
    "dialogue model": _dialogue_model,
    "speech models": _speech_models,
    "database": _database,
    "disk": _disk,
    "memory": _memory,
    "ports": _ports,
    "service": _service,
}
