"""The sound of a call in whatever format the codec has, and how it is kept in step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from baresip.errors import AudioRestarted
from hypothesis import given, settings
from hypothesis import strategies as st

from voice.audio import Floats
from voice.leg import FRAME_BYTES
from voice.sip.resample import Downsampler, Upsampler
from voice.sip.sound import AHEAD_BYTES, CallSound, from_line, to_line

RATES = [16000, 48000]


def tone(hz: float, rate_hz: int, seconds: float = 0.5) -> Floats:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def level(samples: Floats) -> float:
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    return float(20 * np.log10(np.sqrt(np.mean(middle**2)) / (0.5 / np.sqrt(2)) + 1e-9))


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("hz", [200, 1000, 3400])
def test_speech_passes_unchanged(rate_hz: int, hz: float) -> None:
    assert abs(level(Downsampler(rate_hz)(tone(hz, rate_hz)))) < 0.5
    assert abs(level(Upsampler(rate_hz)(tone(hz, 8000)))) < 0.5


@pytest.mark.parametrize("rate_hz", RATES)
def test_what_8_khz_cannot_hold_does_not_come_back_as_noise(rate_hz: int) -> None:
    assert level(Downsampler(rate_hz)(tone(5000, rate_hz))) < -60


@pytest.mark.parametrize("rate_hz", RATES)
def test_nothing_is_added_above_8_khz_sound(rate_hz: int) -> None:
    spectrum = np.abs(np.fft.rfft(Upsampler(rate_hz)(tone(1000, 8000)) * np.hanning(rate_hz // 2)))
    above = spectrum[int(len(spectrum) * 4600 / (rate_hz / 2)) :]
    assert above.max() < spectrum.max() / 1000


@pytest.mark.parametrize("rate_hz", RATES)
@given(cuts=st.lists(st.integers(0, 1500), max_size=8))
@settings(deadline=None, max_examples=20)
def test_pieces_of_any_size_make_the_same_stream(rate_hz: int, cuts: list[int]) -> None:
    for converter, sound in ((Downsampler, tone(700, rate_hz, 0.05)), (Upsampler, tone(700, 8000, 0.05))):
        pieces, start, stream = [], 0, converter(rate_hz)
        for cut in [*sorted(cuts), len(sound)]:
            pieces.append(stream(sound[start : max(start, cut)]))
            start = max(start, cut)
        assert np.allclose(np.concatenate(pieces), converter(rate_hz)(sound), atol=1e-6)


def test_a_rate_that_is_no_multiple_is_refused() -> None:
    with pytest.raises(ValueError, match="44100"):
        from_line(44100, 2)


def test_stereo_becomes_one_voice_and_back() -> None:
    left = (tone(500, 48000) * 16000).astype("<i2")
    mono = np.frombuffer(from_line(48000, 2)(np.stack([left, left], axis=1).tobytes()), "<i2")
    assert len(mono) == len(left) // 6
    stereo = np.frombuffer(to_line(48000, 2)(mono.tobytes()), "<i2").reshape(-1, 2)
    assert (stereo[:, 0] == stereo[:, 1]).all()
    assert len(stereo) == len(left)


@dataclass
class Audio:
    """The stack's side: takes everything, sends nothing by itself."""

    tx_ready: bool = True
    tx_sample_rate: int = 8000
    tx_channels: int = 1
    tx_buffered: int = 0
    rx_sample_rate: int = 8000
    rx_channels: int = 1
    tx_flushed_bytes: int = 0
    tx_silence_frames: int = 0
    received: bytes = b""
    restarted: bool = False
    written: bytearray = field(default_factory=bytearray)

    def info(self) -> Audio:
        return self

    def stats(self) -> Audio:
        return self

    def read(self, max_bytes: int) -> bytes:
        if self.restarted:
            raise AudioRestarted
        received, self.received = self.received, b""
        return received

    def write(self, pcm: bytes) -> int:
        self.written += pcm
        self.tx_buffered += len(pcm)
        return len(pcm)

    def flush_tx(self) -> None:
        self.tx_buffered = 0


@pytest.mark.parametrize(("rate_hz", "channels"), [(8000, 1), (16000, 1), (48000, 2)])
def test_eighty_milliseconds_wait_in_the_stack_whatever_the_codec(rate_hz: int, channels: int) -> None:
    audio = Audio(tx_sample_rate=rate_hz, tx_channels=channels)
    sound = CallSound(audio)
    sound.queue.add(bytes(32000))
    sound.transmit()
    sound.transmit()
    assert len(audio.written) == AHEAD_BYTES * rate_hz * channels // 8000


@pytest.mark.parametrize(("rate_hz", "channels"), [(8000, 1), (48000, 2)])
def test_a_mark_comes_back_when_its_sound_has_left_the_stack(rate_hz: int, channels: int) -> None:
    audio = Audio(tx_sample_rate=rate_hz, tx_channels=channels)
    sound = CallSound(audio)
    sound.queue.add(bytes(FRAME_BYTES))
    sound.queue.mark("end")
    assert sound.transmit() == []
    audio.tx_buffered = 0
    assert sound.transmit() == ["end"]


def test_a_codec_that_changes_in_the_call_is_followed() -> None:
    audio = Audio()
    sound = CallSound(audio)
    audio.received = bytes(320)
    assert len(sound.receive(0.0)) == 320
    audio.rx_sample_rate, audio.received = 16000, bytes(640)
    assert len(sound.receive(0.02)) == 320


def test_a_renegotiation_loses_nothing_of_the_queue() -> None:
    audio = Audio(restarted=True)
    sound = CallSound(audio)
    sound.queue.add(bytes(FRAME_BYTES))
    assert sound.receive(0.0) == b""
    assert sound.queue.queued_bytes == FRAME_BYTES


def test_the_first_sound_after_a_silence_does_not_wait_for_the_next_look_and_the_rest_does() -> None:
    audio = Audio()
    sound = CallSound(audio)
    sound.say(bytes(32000))
    assert len(audio.written) == AHEAD_BYTES
    audio.tx_buffered = 0
    sound.say(bytes(32000))
    assert len(audio.written) == AHEAD_BYTES


def test_a_crumb_of_sound_waits_for_what_follows_it_instead_of_being_filled_up() -> None:
    audio = Audio()
    sound = CallSound(audio)
    sound.say(bytes(100))
    assert not audio.written


class Sender(Audio):
    """The stack's side with its own thread, whose every `tick` sends a frame of 20 ms, or first does what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self._to_be_emptied = False

    def flush_tx(self) -> None:
        self._to_be_emptied = True

    def tick(self) -> None:
        if self._to_be_emptied:
            self._to_be_emptied = False
            self.tx_flushed_bytes += self.tx_buffered
            self.written.clear()
        if not self.written:
            self.tx_silence_frames += 1
        self.sent += self.written[:FRAME_BYTES]
        del self.written[:FRAME_BYTES]
        self.tx_buffered = len(self.written)


OLD, NEW = b"\1\0" * 160, b"\2\0" * 160


def speaking() -> tuple[Sender, CallSound]:
    """A call in the middle of a long answer."""
    audio = Sender()
    sound = CallSound(audio)
    sound.say(OLD * 200)
    return audio, sound


def test_after_a_flush_nothing_is_written_until_the_stack_has_emptied_its_buffer() -> None:
    audio, sound = speaking()
    sound.queue.mark("cut")
    assert sound.flush() == ["cut"]
    sound.say(NEW * 50)
    for _ in range(10):  # the looks of a loop that was late follow each other at once
        sound.transmit()
    assert NEW not in bytes(audio.written)
    audio.tick()
    sound.transmit()
    assert bytes(audio.written) == NEW * 4


def test_where_nothing_waits_in_the_stack_nothing_is_waited_for_after_a_flush() -> None:
    audio, sound = speaking()
    while audio.tx_buffered or sound.queue.queued_bytes:
        audio.tick()
        sound.transmit()
    sound.flush()
    sound.say(NEW * 50)
    assert bytes(audio.written) == NEW * 4


def test_a_renegotiation_right_after_a_flush_does_not_silence_the_call() -> None:
    audio, sound = speaking()
    sound.flush()
    audio.written.clear()
    audio.tx_buffered = audio.tx_flushed_bytes = audio.tx_silence_frames = 0
    sound.say(NEW * 50)
    audio.tick()
    sound.transmit()
    assert bytes(audio.written) == NEW * 4


@given(st.lists(st.sampled_from(["look", "tick", "flush"]), max_size=40))
def test_whatever_the_order_of_looks_and_frames_all_that_is_said_after_a_flush_is_sent(steps: list[str]) -> None:
    audio, sound = speaking()
    for step in steps:
        match step:
            case "look":
                sound.transmit()
            case "tick":
                audio.tick()
            case "flush":
                sound.flush()
    sound.flush()
    audio.sent.clear()
    sound.say(NEW * 20)
    for _ in range(40):
        audio.tick()
        sound.transmit()
    assert bytes(audio.sent).removeprefix(OLD) == NEW * 20
