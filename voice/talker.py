"""The bot's mouth in one call: texts in, sound on the line, and always the knowledge of how far it has been heard.

Each piece (a sentence, or a clause) is followed by a mark on the line, which comes back when the caller has heard it.
So a pause knows which piece was cut, and how far into it; going on begins at the last short silence before that place,
since half a word heard again is worse than two words. Music, when asked for, begins behind the last word and is put on
the line a few seconds at a time, so that the next word need not wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import structlog

from bot.errors import GuichetError
from voice import call_messages as m
from voice.hold_music import blocks, hold_music
from voice.leg import RATE_HZ, CallLeg
from voice.loudness import louder

log = structlog.get_logger(__name__)

GAP = b"\0\0" * 1200
"""150 ms between two pieces."""
_BACK_SECONDS = 0.4
"""Speech of the bot under the first sounds of the caller was not listened to: it is said again."""
_BLOCK_BYTES = 320
_MUSIC_SECONDS = 2.0
"""Of music in a block; one is on the line while another waits behind it."""
_QUIET_RMS = 200.0
"""About -44 dBFS: between words, not inside one."""


class Voice(Protocol):
    """Written texts to pieces, and pieces to 8 kHz PCM: at once when they are cached."""

    def pieces(self, text: str) -> list[str]: ...

    def is_cached(self, piece: str, pace: float = 1.0) -> bool: ...

    async def speak(self, piece: str, pace: float = 1.0) -> bytes: ...


class Talker:
    """`say`, `pause`, `resume`, `stop`, `music`; `played` is told of every mark that comes back from the line.

    `report` receives `SpeakingStarted`, `Said` and `TalkPaused`. `openings` are short texts: one of them begins what
    has never been said, so that the caller hears something while the voice makes the rest.
    """

    def __init__(
        self,
        leg: CallLeg,
        voice: Voice,
        report: Callable[[m.Event], None],
        clock: Callable[[], float],
        *,
        openings: Sequence[str] = (),
        conversation_id: str = "",
        make_music: Callable[[], bytes] = hold_music,
    ) -> None:
        self.pace = 1.0
        self.gain_db = 0.0
        self._leg = leg
        self._voice = voice
        self._report = report
        self._clock = clock
        self._openings = openings
        self._conversation_id = conversation_id
        self._make_music = make_music
        self._task: asyncio.Task[None] | None = None
        self._serial = 0
        self._pieces: list[str] = []
        self._sounds: dict[int, bytes] = {}
        self._run = 0  # marks of an earlier run come back when it is flushed: they mean nothing
        self._heard_pieces = 0
        self._piece_began_at: float | None = None
        self._begin_bytes = 0
        self._started = False
        self._talking = False
        self._music_wanted = self._music_plays = False
        self._music_room = asyncio.Semaphore()

    def say(self, serial: int, texts: Sequence[str]) -> None:
        """Says the texts after what is already on the line; music gives way."""
        if self._music_plays:
            self.stop()
        before = self._cancel()
        self._talking, self._music_wanted = True, False
        self._serial = serial
        self._pieces = self._opened([piece for text in texts for piece in self._voice.pieces(text)])
        self._sounds.clear()
        self._heard_pieces, self._begin_bytes, self._started = 0, 0, False
        self._go(before)

    def stop(self) -> None:
        """Silence at once; nothing more is reported of what was being said."""
        before = self._cancel()
        self._talking = self._music_wanted = self._music_plays = False
        self._run += 1
        self._task = asyncio.create_task(self._flush(before))

    def pause(self) -> None:
        """Silence at once, to be gone on with by `resume`."""
        self._begin_bytes = self._place()
        left = max(0, len(self._pieces) - self._heard_pieces - 1)
        self.stop()
        self._report(m.TalkPaused(self._serial, left))

    def resume(self) -> None:
        """Goes on where `pause` stopped."""
        self._talking = True
        self._go(self._cancel())

    def music(self) -> None:
        """Music from the end of what is being said until the next `say` or `stop`."""
        self._music_wanted = True
        self._music_if_due()

    def played(self, name: str) -> None:
        """The mark `name` has come back from the line."""
        run, _, index = name.partition(".")
        if run != str(self._run):
            return
        if not index.isdigit():
            self._music_room.release()
            return
        self._heard_pieces = int(index) + 1
        self._begin_bytes = 0
        self._piece_began_at = self._clock()
        self._sounds.pop(int(index), None)
        if self._heard_pieces == len(self._pieces):
            self._finished()

    async def close(self) -> None:
        """Stops whatever is going on, without a word to the line."""
        task = self._cancel()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _opened(self, pieces: list[str]) -> list[str]:
        """With a word in front that is there at once, when the first piece has to be made."""
        if not pieces or self._voice.is_cached(pieces[0], self.pace):
            return pieces
        openings = [self._voice.pieces(text)[0] for text in self._openings]
        ready = [piece for piece in openings if self._voice.is_cached(piece, self.pace)]
        return [ready[self._serial % len(ready)], *pieces] if ready else pieces

    def _cancel(self) -> asyncio.Task[None] | None:
        task, self._task = self._task, None
        if task is not None and task.get_name() == "talk":
            task.cancel()
        return task

    def _go(self, before: asyncio.Task[None] | None) -> None:
        self._run += 1
        self._task = asyncio.create_task(self._talk(self._run, before), name="talk")

    def _place(self) -> int:
        """How many bytes into the piece that is on the line to begin again."""
        sound = self._sounds.get(self._heard_pieces, b"")
        if self._piece_began_at is None:
            return self._begin_bytes
        heard = int((self._clock() - self._piece_began_at - _BACK_SECONDS) * RATE_HZ) * 2 + self._begin_bytes
        return quiet_place_before(sound, max(0, heard))

    async def _flush(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        await self._leg.flush()

    async def _talk(self, run: int, before: asyncio.Task[None] | None) -> None:
        """Piece by piece: while one is on the line, the next is made."""
        if before is not None:
            await asyncio.wait([before])
        self._piece_began_at = None
        first = self._heard_pieces
        try:
            for index in range(first, len(self._pieces)):
                sound = self._sounds.get(index)
                if sound is None:
                    pcm = await self._voice.speak(self._pieces[index], self.pace)
                    sound = self._sounds[index] = louder(pcm, self.gain_db) + GAP
                begin = self._begin_bytes if index == first else 0
                if index == 0 and not begin:
                    begin = lead_in_bytes(sound)
                await self._leg.play(sound[begin:])
                await self._leg.mark(f"{run}.{index}")
                self._sounding()
        except GuichetError as error:
            log.error("call.speech_failed", conversation=self._conversation_id, error=str(error))
            self._finished(failed=True)
            return
        if not self._pieces:
            self._finished()

    def _finished(self, *, failed: bool = False) -> None:
        self._talking = False
        self._report(m.Said(self._serial, failed=failed))
        self._music_if_due()

    def _music_if_due(self) -> None:
        if not self._music_wanted or self._talking or self._music_plays:
            return
        self._music_plays = True
        self._run += 1
        self._music_room = asyncio.Semaphore(2)
        self._task = asyncio.create_task(self._play_music(self._run, self._music_room, self._task), name="talk")

    async def _play_music(self, run: int, room: asyncio.Semaphore, before: asyncio.Task[None] | None) -> None:
        """Two blocks are on their way to the caller at any moment."""
        if before is not None:
            await asyncio.wait([before])
        pcm = await asyncio.to_thread(self._make_music)
        for block in blocks(pcm, _MUSIC_SECONDS):
            await room.acquire()
            await self._leg.play(block)
            await self._leg.mark(f"{run}.music")

    def _sounding(self) -> None:
        if self._piece_began_at is None:
            self._piece_began_at = self._clock()
        if not self._started:
            self._started = True
            self._report(m.SpeakingStarted(self._serial))


def lead_in_bytes(pcm: bytes) -> int:
    """How much of the quiet at the beginning need not be waited for: all but the last 20 ms."""
    blocks = np.frombuffer(pcm, "<i2", len(pcm) // _BLOCK_BYTES * (_BLOCK_BYTES // 2)).astype(np.float32)
    loud = np.flatnonzero(np.sqrt((blocks.reshape(-1, _BLOCK_BYTES // 2) ** 2).mean(axis=1)) >= _QUIET_RMS)
    return max(0, int(loud[0]) - 1) * _BLOCK_BYTES if len(loud) else 0


def quiet_place_before(pcm: bytes, position: int) -> int:
    """Some 20 ms before the end of the last silence of 40 ms or more before byte `position`; 0 when there is none."""
    whole = min(position, len(pcm)) // _BLOCK_BYTES
    if whole == 0:
        return 0
    blocks = np.frombuffer(pcm, "<i2", whole * _BLOCK_BYTES // 2).astype(np.float32).reshape(whole, -1)
    quiet = np.sqrt((blocks**2).mean(axis=1)) < _QUIET_RMS
    places = np.flatnonzero(quiet[1:] & quiet[:-1])
    return int(places[-1] + 1) * _BLOCK_BYTES if len(places) else 0
