"""Sound that comes late, and a line that is late itself: nothing of what was said is lost, either way."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.integration.sip.line_under_test import LineUnderTest, Session
from tests.integration.sip.raw import RawCaller
from tests.integration.sip.sounds import fidelity, murmur
from voice.audio import A_LAW
from voice.leg import FRAME_BYTES

GREETING = murmur(20.0, seed=1)
QUESTION = murmur(4.0, seed=3)
ANSWER = murmur(1.0, seed=5)


def said(pcm: bytes) -> list[bytes]:
    """Its frames, without those of exact zero: no telephone sends such, only we put them where nothing has come."""
    frames = (pcm[start : start + FRAME_BYTES] for start in range(0, len(pcm), FRAME_BYTES))
    return [frame for frame in frames if any(frame)]


@pytest.mark.parametrize("milliseconds", [60, 80, 120, 200, 400])
async def test_of_a_caller_whose_packets_come_in_bursts_every_one_is_heard(tmp_path: Path, milliseconds: int) -> None:
    async with LineUnderTest(tmp_path) as line:
        with closing(RawCaller(line.port)) as caller:
            our_port = await caller.dial()
            session = await line.call()
            await caller.speak_in_bursts(QUESTION, our_port, milliseconds // 20)
            await asyncio.sleep(0.3)
            caller.hang_up()
            await asyncio.wait_for(session.over.wait(), 15)
    sent = A_LAW.decode(A_LAW.encode(np.frombuffer(QUESTION, "<i2"))).tobytes()
    assert said(bytes(session.heard)) == said(sent)


class Interrupted(Session):
    """Forgets its greeting at the first sound, and says something else at once."""

    answered = False

    async def on_sound(self, pcm: bytes) -> None:
        if not self.answered and any(pcm):
            self.answered = True
            await self.leg.flush()
            await self.leg.play(ANSWER)


async def test_a_line_that_was_late_says_the_whole_of_what_follows_an_interruption(tmp_path: Path) -> None:
    module = "tests.integration.sip.late_line"
    async with LineUnderTest(tmp_path, greeting=GREETING, session=Interrupted, module=module) as line:
        for _ in range(4):  # whether the stack's next frame comes too soon is a matter of luck
            with closing(RawCaller(line.port)) as caller:
                our_port = await caller.dial()
                await asyncio.sleep(0.5)
                hearing = asyncio.create_task(asyncio.to_thread(caller.hear, 2.5))
                await caller.speak(QUESTION[: 10 * FRAME_BYTES], our_port)
                assert fidelity(await hearing, ANSWER).intact == 1.0
                caller.hang_up()
