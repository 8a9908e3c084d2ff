"""How each part of a running service is: what /health asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.health import Condition, Part
from bot.store import Store
from bot.supervisor import Child, State


async def store_part(store: Store) -> Part:
    await store.ping()
    return Part(Condition.OK)


async def asked(fault: str, is_ready: Callable[[], Awaitable[bool]]) -> Part:
    return Part(Condition.OK) if await is_ready() else Part(Condition.DOWN, fault)


async def child_part(child: Child) -> Part:
    match child.state:
        case State.READY:
            return Part(Condition.OK)
        case State.STARTING if not child.restarts:
            return Part(Condition.STARTING, child.reason or "Starting.")
        case _:
            return Part(Condition.DOWN, f"Restarting ({child.restarts}). {child.reason}".strip())


async def phone_off() -> Part:
    return Part(Condition.OFF, "phone.enabled is false, or --no-phone was given.")


async def phone_waits() -> Part:
    return Part(Condition.STARTING, "Rings as soon as the speech engines and the dialogue are loaded.")


async def phone_without_speech() -> Part:
    return Part(Condition.DOWN, "The telephone does not ring without speech engines: see speech.")
