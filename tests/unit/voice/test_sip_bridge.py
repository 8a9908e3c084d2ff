"""One SIP call and the gateway, where its process stood still or something fails: no call goes on mute."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from baresip import Call
from baresip.call import CallState

from voice import framing
from voice.leg import FRAME_BYTES, CallInfo, Sound
from voice.line_client import GatewayLink
from voice.sip.bridge import CallBridge
from voice.sip.transfer import Transfers

STALLED_SECONDS = 5


class StackAudio:
    """A stack that gives what `received` holds, look by look, then nothing."""

    def __init__(self, *received: bytes | Exception) -> None:
        self._received = list(received)

    def info(self) -> Any:
        return SimpleNamespace(
            tx_ready=True, tx_sample_rate=8000, tx_channels=1, tx_buffered=0, rx_sample_rate=8000, rx_channels=1
        )

    def read(self, most: int) -> bytes:
        given = self._received.pop(0) if self._received else b""
        if isinstance(given, Exception):
            raise given
        return given

    def write(self, pcm: bytes) -> int:
        return len(pcm)


class StackCall:
    """baresip's call, established; remembers that it was hung up."""

    state = CallState.ESTABLISHED

    def __init__(self, audio: StackAudio) -> None:
        self.audio = audio
        self.hung_up = asyncio.Event()

    def on(self, handler: object) -> None: ...

    off = on_audio_warning = off_audio_warning = on

    async def hangup(self) -> None:
        self.hung_up.set()


class Link:
    """The gateway's end: encodes what it is sent, as the real one does, and never says anything."""

    def __init__(self) -> None:
        self.sound = bytearray()
        self.changed = asyncio.Event()

    def send(self, frame: framing.Frame) -> None:
        framing.encode(frame)
        if isinstance(frame, Sound):
            self.sound += frame.pcm
            self.changed.set()

    async def frames(self) -> Any:
        await asyncio.Event().wait()
        yield

    async def close(self, reason: str) -> None: ...


def bridge(monkeypatch: pytest.MonkeyPatch, *received: bytes | Exception) -> tuple[CallBridge, StackCall, Link]:
    call, link = StackCall(StackAudio(*received)), Link()

    async def offered(path: Path, info: CallInfo) -> GatewayLink:
        return cast(GatewayLink, link)

    monkeypatch.setattr("voice.sip.bridge.offer_call", offered)
    monkeypatch.setattr("voice.sip.bridge.CLOSE_SECONDS", 0.01)
    info = CallInfo(line_id="1", caller="", called="")
    return CallBridge(cast(Call, call), info, Path("unused"), cast(Transfers, None)), call, link


async def test_after_the_process_stood_still_its_calls_are_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stalled = b"\1\0" * (8000 * STALLED_SECONDS)
    carried, call, link = bridge(monkeypatch, b"\2\0" * (FRAME_BYTES // 2), stalled, b"\3\0" * (FRAME_BYTES // 2))
    running = asyncio.create_task(carried.run())
    async with asyncio.timeout(5):
        while b"\3\0" not in link.sound:
            await link.changed.wait()
            link.changed.clear()
    assert stalled in link.sound
    assert not call.hung_up.is_set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_call_whose_sound_cannot_go_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    carried, call, _ = bridge(monkeypatch, RuntimeError("the stack is broken"))
    async with asyncio.timeout(5):
        await carried.run()
    assert call.hung_up.is_set()
