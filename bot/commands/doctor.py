"""`guichet doctor`: what is wrong with this installation, and the remedy of each fault."""

from __future__ import annotations

import asyncio
import json as json_format
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import aiohttp
import typer

from bot.commands.packs import PackOption, settings_for
from bot.desk.policy import Policy
from bot.errors import GuichetError
from bot.knowledge import load_knowledge
from bot.lexicon import lexicon_of
from bot.notify import check_settings
from bot.phone_numbers import is_prefix
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
    lexicon_of(knowledge.values(), pack.prompts().get("hearing"))
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
    from voice.sip.stack import check_listening_address

    lines = settings.lines
    wanted = [("web.port", settings.web.host, settings.web.port)]
    if settings.phone.enabled:
        check_listening_address(settings.phone)
        if lines.audiosocket_enabled:
            wanted.append(("lines.audiosocket_port", lines.audiosocket_host, lines.audiosocket_port))
        if lines.web_enabled:
            wanted.append(("lines.web_port", lines.web_host, lines.web_port))
    for name, host, port in wanted:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise _Fault(f"{name} {host}:{port} cannot be used ({error.strerror}): choose another.") from None
    return "Free."


def _telephone(settings: Settings) -> str:
    phone, lines = settings.phone, settings.lines
    if not phone.enabled:
        return "Off."
    from voice.sip.stack import check

    check(phone)
    wrong = [prefix for prefix in _listed(phone.callback_allowed) if not is_prefix(prefix)]
    if wrong:
        raise _Fault(f"phone.callback_allowed: {', '.join(wrong)} is no prefix: write +33, or +3361.")
    if phone.dial_as and not phone.callback_allowed:
        raise _Fault("phone.dial_as is set, but phone.callback_allowed is empty: no number may be dialled.")
    hosts = [phone.host]
    hosts += [lines.audiosocket_host] if lines.audiosocket_enabled else []
    hosts += [lines.web_host] if lines.web_enabled else []
    if all(_is_loopback(host) for host in hosts):
        return "Reachable from this machine only."
    if not _is_loopback(phone.host) and not _listed(phone.allowed_peers):
        raise _Fault("phone.allowed_peers is empty: whoever reaches the SIP port is answered. List your PBX or trunk.")
    if not phone.transfer_to:
        if not (Policy.from_settings(settings.desk, phone).calls and phone.offer_callback):
            raise _Fault(
                "phone.transfer_to is empty: callers who ask for a person may reach none. Give the SIP URI of one, or "
                "let the desk take them: desk.calls: desk, phone.offer_callback: true."
            )
        return (
            "Open to its peers; who asks for a person waits for an agent of the desk or is offered a callback. Without "
            "phone.transfer_to a call that Guichet itself loses ends."
        )
    return "Open to its peers; who asks for a person is passed on."


def _notices(settings: Settings) -> str:
    notify = settings.notify
    check_settings(notify)
    if notify.command:
        if shutil.which(notify.command[0]) is None:
            raise _Fault("notify.command: its program is missing or may not be run.")
        return "Handed to a program."
    if not notify.url:
        return "Off: no link is sent."
    address = urlsplit(notify.url)
    if address.scheme == "http" and not _is_loopback(address.hostname or ""):
        raise _Fault("notify.url is http: telephone numbers would travel in the open. Use https.")
    if not notify.secret.get_secret_value():
        raise _Fault("notify.secret is empty: whoever receives the notices cannot tell that they are yours.")
    return "Sent to an address, signed."


def _listed(setting: str) -> list[str]:
    return [part.strip() for part in setting.split(",") if part.strip()]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    "telephone": _telephone,
    "notices": _notices,
    "service": _service,
}
