"""Reading whatever sound file an operator has at hand, and writing plain ones.

WAV is read here, chunk by chunk, because the standard library's reader knows neither float samples nor the
extensible header, and says nothing of a file that ends early. Anything else is left to FFmpeg's decoders.
"""

from __future__ import annotations

import struct
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import BadAudio

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_LARGEST_BYTES = 1 << 30
_UNKNOWN_LENGTHS = (0, 0x7FFFFFFF, 0x7FFFF000, 0x7FFFFFD9, 0xFFFFFFFF)
"""What programs write when they stream a WAV and cannot know its length."""


@dataclass(frozen=True, slots=True)
class _Format:
    kind: int
    channels: int
    rate_hz: int
    bits: int


def read_wav(source: str | Path | bytes) -> tuple[NDArray[np.float32], int]:
    """The sound as mono float32 between -1 and 1, and its rate in Hz; several channels are averaged.

    WAV of 8, 16, 24 or 32 bits or float, at any rate; other formats as FFmpeg decodes them.
    Raises `BadAudio`, with one sentence, for what is absent, empty, cut short or not sound.
    """
    content, name = _content(source)
    if not content:
        raise BadAudio(f"{name} is empty.")
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        samples, rate_hz = _read_riff(content, name)
    else:
        from voice.other_formats import decode

        samples, rate_hz = decode(content, name)
    if len(samples) == 0:
        raise BadAudio(f"{name} holds no sound.")
    return np.clip(np.nan_to_num(samples), -1.0, 1.0).astype(np.float32), rate_hz


def write_wav(path: str | Path, samples: NDArray[np.float32] | NDArray[np.int16], rate_hz: int) -> None:
    """Mono, 16 bits."""
    if samples.dtype != np.int16:
        samples = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    with Path(path).open("wb") as file, wave.open(file) as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(samples.astype("<i2").tobytes())


def _content(source: str | Path | bytes) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, "The sound"
    path = Path(source)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BadAudio(f"{path} is larger than a gigabyte: cut it first.")
        return path.read_bytes(), str(path)
    except FileNotFoundError:
        raise BadAudio(f"{path} does not exist.") from None
    except OSError as error:
        raise BadAudio(f"{path} cannot be read: {error.strerror}.") from None


def _read_riff(content: bytes, name: str) -> tuple[NDArray[np.float32], int]:
    sound_format: _Format | None = None
    position = 12
    while position + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, position)
        position += 8
        if kind == b"fmt ":
            sound_format = _parse_format(content[position : position + length], name)
        elif kind == b"data":
            if sound_format is None:
                raise BadAudio(f"{name} is a damaged WAV: its sound comes before its format.")
            sound = _sound_bytes(content, position, length, name)
            return _to_mono(sound, sound_format, name), sound_format.rate_hz
        position += length + length % 2
    raise BadAudio(f"{name} is a WAV cut short: it has no sound.")


def _sound_bytes(content: bytes, position: int, length: int, name: str) -> bytes:
    there = len(content) - position
    if length in _UNKNOWN_LENGTHS and there > 0:
        return content[position:]
    if there < length:
        raise BadAudio(f"{name} is a WAV cut short: {there} of {length} bytes of sound are there.")
    return content[position : position + length]


def _parse_format(chunk: bytes, name: str) -> _Format:
    if len(chunk) < 16:
        raise BadAudio(f"{name} is a damaged WAV: its format is cut short.")
    kind, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        (kind,) = struct.unpack_from("<H", chunk, 24)
    if not 1 <= channels <= 32 or not 1000 <= rate_hz <= 768_000:
        raise BadAudio(f"{name} is a damaged WAV: {channels} channels at {rate_hz} Hz.")
    if (kind == _PCM and bits in (8, 16, 24, 32)) or (kind == _FLOAT and bits in (32, 64)):
        return _Format(kind, channels, rate_hz, bits)
    raise BadAudio(f"{name} is a WAV of an unsupported kind (format {kind}, {bits} bits): convert it to 16-bit PCM.")


def _to_mono(sound: bytes, sound_format: _Format, name: str) -> NDArray[np.float32]:
    frame_bytes = sound_format.channels * sound_format.bits // 8
    if len(sound) % frame_bytes and len(sound) >= frame_bytes:
        sound = sound[: len(sound) - len(sound) % frame_bytes]
    if len(sound) < frame_bytes:
        raise BadAudio(f"{name} holds no sound.")
    samples = _to_float(sound, sound_format)
    mono: NDArray[np.float32] = samples.reshape(-1, sound_format.channels).mean(axis=1).astype(np.float32)
    return mono


def _to_float(sound: bytes, sound_format: _Format) -> NDArray[np.float32]:
    raw: NDArray[Any]
    if sound_format.kind == _FLOAT:
        return np.frombuffer(sound, f"<f{sound_format.bits // 8}").astype(np.float32)
    if sound_format.bits == 8:  # the only unsigned one
        return _scaled(np.frombuffer(sound, np.uint8).astype(np.int16) - 128, 8)
    if sound_format.bits == 24:
        widened = np.zeros((len(sound) // 3, 4), np.uint8)
        widened[:, 1:] = np.frombuffer(sound, np.uint8).reshape(-1, 3)
        raw = widened.reshape(-1).view("<i4")
        return _scaled(raw, 32)
    raw = np.frombuffer(sound, f"<i{sound_format.bits // 8}")
    return _scaled(raw, sound_format.bits)


def _scaled(samples: NDArray[Any], bits: int) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (samples / 2.0 ** (bits - 1)).astype(np.float32)
    return scaled
