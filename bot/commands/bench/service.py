"""A running service, as the benches call it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np

from bot.callers import CallView
from bot.commands.bench.conversation import Caller, Manner
from bot.commands.bench.sounds import NoiseKind
from bot.commands.bench.telephone import Telephone, TelephoneCall
from bot.commands.bench.voices import NOISES, Callers, load_callers, voices_of
from bot.commands.call import service_uri
from bot.machine import machine
from bot.running import running_service
from bot.settings import Settings

_MISSES = re.compile(r'^guichet_speech_cache_total\{result="miss"\} (\S+)', re.M)
PARTS = ("dialogue", "actions", "speech", "phone")


class Service:
    """Calls to it come over lines with noise `snr_db` below the speech; the service's own word comes from its API."""

    def __init__(
        self, session: aiohttp.ClientSession, settings: Settings, url: str, callers: Callers, snr_db: float
    ) -> None:
        self.session = session
        self.settings = settings
        self.url = url
        self.callers = callers
        self._snr_db = snr_db
        self._token = settings.desk_token()

    @property
    def pid(self) -> int:
        """Of the gateway, whose children are the other processes."""
        return int(self.settings.pid_file.read_text(encoding="ascii"))

    async def call(
        self, phone: Telephone, number: int, manner: Manner, noise: NoiseKind | None = None
    ) -> tuple[TelephoneCall, Caller]:
        """An answered call, and its caller. `number` seeds chance and, unless told, chooses the noise. Raises
        `LineUnavailable`."""
        kind = noise or NOISES[number % len(NOISES)]
        call = await phone.dial(service_uri(self.settings), self.callers.noise(kind, self._snr_db, number))
        view = CallView(self.session, self.url, self._token, call.line_id)
        return call, Caller(call, view, manner, kind, np.random.default_rng(number))

    async def spoken_live(self) -> int | None:
        """How many sentences were not in the cache since the service was started; None where its metrics are off."""
        headers = {"Authorization": f"Bearer {self.settings.metrics_token()}"}
        async with self.session.get(f"{self.url}/metrics", headers=headers) as response:
            found = _MISSES.search(await response.text())
        return int(float(found[1])) if found else None

    def conditions(self) -> dict[str, Any]:
        """What a figure was measured under: printed beside every one of them."""
        speech = self.settings.speech
        return {
            "measured": "packets at the caller's socket",
            "callers": f"{self.callers.source}, {voices_of(self.callers.questions)} voices, A-law",
            "noise_db": self._snr_db,
            "machine": machine(),
            "models": {"recogniser": speech.whisper_model, "voice": speech.voice},
        }


@asynccontextmanager
async def service_under_bench(settings: Settings, snr_db: float) -> AsyncIterator[Service]:
    """The one that runs, or one started for the bench."""
    callers = load_callers(settings)
    async with aiohttp.ClientSession() as session, running_service(session, settings, parts=PARTS) as url:
        yield Service(session, settings, url, callers, snr_db)
