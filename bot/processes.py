"""How Rasa and the action server are started, and how to see that they can answer.

Rasa's management API stays off: nothing here needs it, and its token would travel in URLs. Our own channel
says whether a model is loaded, and takes the messages; both behind one bearer token from the environment.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from bot.errors import BadSettings
from bot.settings import PROJECT_DIR, Settings

TOKEN_NAME = "dialogue"
CHANNEL_PATH = "/webhooks/guichet"

# One thread each: the cores belong to speech, and one short text gains nothing from two.
RASA_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "LOG_LEVEL": "WARNING",
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_INTRA_OP_PARALLELISM_THREADS": "1",
    "TF_INTER_OP_PARALLELISM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
    "PYTHONUNBUFFERED": "1",
}


def rasa_environment(settings: Settings) -> dict[str, str]:
    """What every process of the Rasa environment needs besides ours, training included."""
    return {
        **RASA_ENVIRONMENT,
        "PYTHONPATH": str(PROJECT_DIR),
        "GUICHET_DATA_DIR": str(settings.data_path),
        "RASA_CACHE_DIRECTORY": str(settings.dialogue_home / "cache"),
    }


def rasa_python(settings: Settings) -> Path:
    """Python of the Rasa environment."""
    return PROJECT_DIR / settings.dialogue.rasa_python


def rasa_command(settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Arguments and additional environment of the Rasa server. Working directory: the project's."""
    host, port = _address(settings.dialogue.rasa_url, "dialogue.rasa_url")
    argv = [
        str(rasa_python(settings)), "-m", "rasa", "run",
        "--model", str(settings.dialogue_model_path),
        "--interface", host, "--port", str(port),
        "--endpoints", str(PROJECT_DIR / "endpoints.yml"),
        "--credentials", str(PROJECT_DIR / "credentials.yml"),
    ]  # fmt: skip
    return argv, {
        **rasa_environment(settings),
        "GUICHET_DIALOGUE_TOKEN": settings.secret(TOKEN_NAME),
        "GUICHET_ACTIONS_WEBHOOK": settings.dialogue.actions_url.rstrip("/") + "/webhook",
    }


def actions_command(settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Arguments and additional environment of the action server. Working directory: the project's."""
    _address(settings.dialogue.actions_url, "dialogue.actions_url")
    return [sys.executable, "-m", "actions"], {
        "PYTHONUNBUFFERED": "1",
        "GUICHET_PACK": str(settings.load_pack().root),
        "GUICHET_SERVICE_NAME": settings.service_name,
    }


def actions_address(settings: Settings) -> tuple[str, int]:
    """Where the action server listens. Raises `BadSettings`."""
    return _address(settings.dialogue.actions_url, "dialogue.actions_url")


async def rasa_ready(session: aiohttp.ClientSession, settings: Settings) -> bool:
    """Whether Rasa answers and has a model. A Rasa without a model answers too, so the port proves nothing."""
    url = settings.dialogue.rasa_url.rstrip("/") + CHANNEL_PATH + "/"
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as response:
            said = await response.json() if response.status == 200 else None
            return isinstance(said, dict) and bool(said.get("model"))
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False


async def actions_ready(session: aiohttp.ClientSession, settings: Settings) -> bool:
    """Whether the action server answers."""
    url = settings.dialogue.actions_url.rstrip("/") + "/health"
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def _address(url: str, setting: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "http" or not parts.hostname or port is None:
        raise BadSettings(f"{setting}: an address with a port is needed, as http://127.0.0.1:5005.")
    return parts.hostname, port
