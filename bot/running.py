"""The running service, for commands that need one: the one that already answers, or one started for the occasion."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.errors import Unavailable
from bot.settings import PROJECT_DIR, Settings

_START_SECONDS = 240.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.3


def base_url(settings: Settings) -> str:
    """Of the gateway, as this machine reaches it."""
    host = "127.0.0.1" if settings.web.host in ("0.0.0.0", "::") else settings.web.host
    return f"http://{host}:{settings.web.port}"


async def health_of(session: aiohttp.ClientSession, settings: Settings) -> dict[str, Any] | None:
    """What /health says; None when nobody answers."""
    try:
        async with session.get(f"{base_url(settings)}/health", timeout=aiohttp.ClientTimeout(total=5)) as response:
            body: dict[str, Any] = await response.json()
            return body
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


@asynccontextmanager
async def running_service(
    session: aiohttp.ClientSession, settings: Settings, *, parts: tuple[str, ...] = ("dialogue", "actions")
) -> AsyncIterator[str]:
    """Yields the base URL of a service whose `parts` are ok. Raises `Unavailable` with the part's own reason.

    A service that is started here is stopped at the end; progress goes to standard error.
    """
    if await health_of(session, settings) is not None:
        await _same_service(session, settings)
        await _wait(session, settings, parts, None)
        yield base_url(settings)
        return
    print("No service is running: starting one …", file=sys.stderr, flush=True)
    arguments = ["serve"] if "phone" in parts else ["serve", "--no-phone"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=PROJECT_DIR, stderr=asyncio.subprocess.PIPE
    )
    log: list[str] = []
    reader = asyncio.create_task(_read(process, log))
    try:
        await _wait(session, settings, parts, process, log)
        yield base_url(settings)
    finally:
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
        if process.returncode is None:
            process.kill()
        await process.wait()
        reader.cancel()


async def _same_service(session: aiohttp.ClientSession, settings: Settings) -> None:
    """Raises `Unavailable` when what runs answers for another service than the chosen pack's."""
    wanted, url = settings.load_pack().words["service"], base_url(settings)
    try:
        async with session.get(f"{url}/api/service", headers={"Origin": url}) as response:
            running = (await response.json()).get("service")
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return  # it is not ready: what `_wait` is for
    if running != wanted:
        raise Unavailable(
            f"The running service answers for another pack ({running}): stop it, or give this one a port of its own "
            "(GUICHET_WEB__PORT and the like)."
        )


async def _wait(
    session: aiohttp.ClientSession,
    settings: Settings,
    parts: tuple[str, ...],
    process: asyncio.subprocess.Process | None,
    log: list[str] | None = None,
) -> None:
    missing = "it does not answer"
    try:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                if process is not None and process.returncode is not None:
                    raise Unavailable(f"The service could not start: {log[-1] if log else 'no reason given'}")
                health = await health_of(session, settings)
                states = {name: (health or {}).get("parts", {}).get(name, {}) for name in parts}
                bad = {name: state for name, state in states.items() if state.get("status") != "ok"}
                if health is not None and not bad:
                    return
                if bad:
                    missing = "; ".join(
                        f"{name}: {state.get('detail') or 'not started'}" for name, state in bad.items()
                    )
                off = [name for name, state in bad.items() if state.get("status") == "off"]
                if off:
                    raise Unavailable(f"The running service does not have {', '.join(off)}: {missing}")
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise Unavailable(f"The service is not ready after {_START_SECONDS:.0f} s: {missing}") from None


async def _read(process: asyncio.subprocess.Process, log: list[str]) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        log.append(line.decode("utf-8", "replace").strip())
        del log[:-50]
