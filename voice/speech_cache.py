"""Spoken sentences on disk: 8 kHz PCM under a name that holds all that shaped it.

A change of voice, of pace or of how sound is made (`_VERSION`) gives other names, so old sound is never played.
Whatever is wrong with the disk costs speed, not the call: what cannot be read is made again, what cannot be written is
not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import structlog

_VERSION = "3"
_RATE_HZ = 8000

log = structlog.get_logger(__name__)


class SpeechCache:
    """The sentences of one voice at one pace. Safe for several threads and processes."""

    def __init__(self, directory: Path, voice_digest: str, length_scale: float) -> None:
        self._directory = directory
        self._key = "\0".join((_VERSION, voice_digest, f"{length_scale:.3f}", str(_RATE_HZ), ""))
        self._complained = False

    def __contains__(self, text: str) -> bool:
        try:
            return self._path(text).stat().st_size > 0
        except OSError:
            return False

    def read(self, text: str) -> bytes | None:
        """None when it has to be made."""
        try:
            pcm = self._path(text).read_bytes()
        except OSError:
            return None
        return pcm if pcm and len(pcm) % 2 == 0 else None

    def write(self, text: str, pcm: bytes) -> bool:
        """Whole or not at all; whether it could be kept. A disk that is full or read-only is complained of once."""
        path = self._path(text)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(pcm)
            temporary.replace(path)
        except OSError as error:
            if not self._complained:
                log.warning("speech_cache.not_written", error=error.strerror)
            self._complained = True
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            return False
        self._complained = False
        return True

    def _path(self, text: str) -> Path:
        name = hashlib.sha256((self._key + text).encode()).hexdigest()
        return self._directory / name[:2] / f"{name}.s16"
