"""A softphone against a real WebRTC client that is not ours: sound both ways, losses, and every way of going away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction

import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from bot.errors import BadMessage, SoftphoneUnavailable
from voice.softphone import offer, peer
from voice.softphone.peer import Peer

AGENT_HZ, CALLER_HZ = 440, 700
FRAME = 160


class Microphone(MediaStreamTrack):
    """A tone at 48 kHz, as a browser has it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames = 0
        self._began_at: float | None = None

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began_at = self._began_at or loop.time()
        await asyncio.sleep(max(0.0, self._began_at + self._frames * 0.02 - loop.time()))
        frame = AudioFrame.from_ndarray(tone(AGENT_HZ, self._frames, 960, 48000)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, self._frames * 960, Fraction(1, 48000)
        self._frames += 1
        return frame


class Browser:
    """The console's end. `heard` is what it would play, at the codec's rate."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTrack(Microphone())
        self.connection.on("track", self._play)
        self.heard = bytearray()

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        sdp: str = self.connection.localDescription.sdp
        return sdp

    async def take(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def _play(self, track: MediaStreamTrack) -> None:
        self.playing = asyncio.create_task(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                self.heard += bytes(frame.planes[0])[: frame.samples * 2]
        except MediaStreamError:
            pass


class Joined:
    """A browser and its leg; what the leg hears is kept."""

    def __init__(self, leg: Peer, browser: Browser) -> None:
        self.leg, self.browser = leg, browser
        self.heard = bytearray()
        self.listening = asyncio.create_task(self._listen())

    async def speak(self, seconds: float) -> None:
        """The caller's tone, 20 ms at a time."""
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        for number in range(int(seconds * 50)):
            await self.leg.play(tone(CALLER_HZ, number, FRAME, 8000).tobytes())
            await asyncio.sleep(max(0.0, began_at + number * 0.02 - loop.time()))

    async def until_heard(self, seconds: float) -> None:
        """Speaks until each has heard the other so long, on however busy a machine."""
        async with asyncio.timeout(40):
            while min(seconds_of(AGENT_HZ, self.heard), seconds_of(CALLER_HZ, self.browser.heard)) < seconds:
                await self.speak(1.0)

    async def _listen(self) -> None:
        async for pcm in self.leg.sounds():
            self.heard += pcm


@asynccontextmanager
async def joined(change: Callable[[str], str] = lambda sdp: sdp, **settings: object) -> AsyncIterator[Joined]:
    browser, leg = Browser(), Peer(**settings)  # type: ignore[arg-type]
    try:
        await browser.take(await leg.answer(offer.read(change(await browser.offer()))))
        assert await asyncio.wait_for(leg.connected(), 10)
        yield Joined(leg, browser)
    finally:
        await browser.connection.close()
        await leg.hangup()


def tone(hz: int, frame: int, samples: int, rate_hz: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    t = (np.arange(samples) + frame * samples) / rate_hz
    return (8000 * np.sin(2 * np.pi * hz * t)).astype("<i2")


def seconds_of(hz: int, pcm: bytes | bytearray) -> float:
    """How long this tone is to be heard, in tenths that hold hardly anything else."""
    windows = np.frombuffer(pcm, "<i2").astype(float)[: len(pcm) // 1600 * 800].reshape(-1, 800)
    power = np.abs(np.fft.rfft(windows * np.hanning(800), axis=1)) ** 2
    near = slice(hz // 10 - 2, hz // 10 + 3)
    return float(((power[:, near].sum(axis=1) > 0.9 * power.sum(axis=1)) & (windows.std(axis=1) > 500)).sum() / 10)


async def test_agent_and_caller_hear_each_other_in_g711() -> None:
    async with joined() as call:
        await call.until_heard(2.0)
        assert "PCMA/8000" in call.browser.connection.remoteDescription.sdp
        assert "opus" not in call.browser.connection.remoteDescription.sdp


async def test_silence_is_sent_too_so_that_the_way_stays_open() -> None:
    async with joined() as call:
        async with asyncio.timeout(20):
            while len(call.browser.heard) < 16000:
                await asyncio.sleep(0.1)
        assert not np.frombuffer(bytes(call.browser.heard), "<i2").astype(int).clip(-16, 16).std() > 16


async def test_addresses_hidden_behind_local_names_do_not_delay_the_call() -> None:
    def hide(sdp: str) -> str:
        lines = [line for line in sdp.split("\r\n") if "a=end-of-candidates" not in line]
        return "\r\n".join(
            " ".join([*line.split(" ")[:4], "0f2d3a9c-4d6c.local", *line.split(" ")[5:]])
            if line.startswith("a=candidate")
            else line
            for line in lines
        )

    began_at = asyncio.get_running_loop().time()
    async with joined(hide) as call:
        assert asyncio.get_running_loop().time() - began_at < 5
        await call.until_heard(1.0)


async def test_sound_comes_in_at_the_ports_and_addresses_of_the_settings() -> None:
    async with joined(addresses=["127.0.0.1"], ports=range(31100, 31110)) as call:
        candidates = [
            line.split(" ")
            for line in call.browser.connection.remoteDescription.sdp.split("\r\n")
            if line.startswith("a=candidate")
        ]
        assert [one[4] for one in candidates] == ["127.0.0.1"]
        assert int(candidates[0][5]) in range(31100, 31110)
        await call.speak(0.5)
        assert call.heard


async def test_an_address_of_a_nat_is_announced_and_the_machine_s_own_is_listened_to() -> None:
    browser, leg = Browser(), Peer(["203.0.113.9"], range(31110, 31120))
    try:
        answer = await leg.answer(offer.read(await browser.offer()))
        assert " 203.0.113.9 " in answer
        await browser.take(answer.replace("203.0.113.9", "127.0.0.1"))  # what the NAT does
        assert await asyncio.wait_for(leg.connected(), 10)
    finally:
        await browser.connection.close()
        await leg.hangup()


async def test_without_a_free_port_the_operator_is_told_which_setting_to_change() -> None:
    browser, first = Browser(), Peer(["127.0.0.1"], range(31120, 31121))
    second = Peer(["127.0.0.1"], range(31120, 31121))
    try:
        offered = offer.read(await browser.offer())
        await first.answer(offered)
        with pytest.raises(SoftphoneUnavailable, match="softphone_ports"):
            await second.answer(offered)
    finally:
        for one in (first, second):
            await one.hangup()
        await browser.connection.close()


async def test_a_browser_that_closes_is_lost_and_has_not_hung_up_on_the_caller() -> None:
    async with joined() as call:
        await call.speak(0.5)
        await call.browser.connection.close()
        await asyncio.wait_for(call.listening, 10)
        assert call.leg.reason == "lost"
        await call.leg.play(bytes(320))  # a no-op


async def test_a_browser_that_falls_silent_without_a_word_is_lost_after_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peer, "LOST_SECONDS", 2.0)
    async with joined() as call:
        await call.speak(0.5)
        transport = call.browser.connection.getSenders()[0].transport

        async def unplugged(data: bytes) -> None: ...

        monkeypatch.setattr(transport.transport, "_send", unplugged)
        monkeypatch.setattr(transport.transport._connection, "send", unplugged)
        await asyncio.wait_for(call.listening, 12)
        assert call.leg.reason == "lost"


async def test_a_browser_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "CONNECT_SECONDS", 1.0)
    browser, leg = Browser(), Peer()
    try:
        await leg.answer(offer.read(await browser.offer()))
        assert not await asyncio.wait_for(leg.connected(), 5)
        assert leg.reason == "lost"
    finally:
        await leg.hangup()
        await browser.connection.close()


async def test_a_lost_packet_does_not_make_all_that_follows_late() -> None:
    """With aiortc's own buffer, one lost packet costs a third of a second for the rest of the call."""
    async with joined() as call:
        sender = call.browser.connection.getSenders()[0]
        real, sent = sender.transport._send_rtp, 0

        async def lossy(data: bytes) -> None:
            nonlocal sent
            sent += 1
            if sent % 25:
                await real(data)

        sender.transport._send_rtp = lossy
        async with asyncio.timeout(20):
            while sent < 80:
                await asyncio.sleep(0.1)
        (receiver,) = call.leg._connection.getReceivers()
        buffer = vars(receiver)["_RTCRtpReceiver__jitter_buffer"]
        assert buffer._origin is not None, "the library keeps its packets elsewhere now"
        assert sum(packet is not None for packet in buffer._packets) <= 2


async def test_hanging_up_ends_all_that_was_started() -> None:
    before = asyncio.all_tasks()
    async with joined() as call:
        await call.leg.hangup()
        await call.leg.hangup()
        await asyncio.wait_for(call.listening, 5)
    await asyncio.sleep(0.1)
    assert asyncio.all_tasks() == before


async def test_what_the_library_logs_of_addresses_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "root")
    async with joined() as call:
        await call.speak(0.3)
    assert [one for one in caplog.records if one.name.startswith(("aiortc", "aioice"))] == []


async def test_nonsense_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(BadMessage):
        offer.read("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\n")
