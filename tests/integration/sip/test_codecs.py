"""Every codec and every encryption with Debian's baresip: what is said arrives intact, both ways."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.sip.baresip_phone import G711, G722, OPUS, BaresipPhone, Codec
from tests.integration.sip.line_under_test import LineUnderTest
from tests.integration.sip.sounds import Fidelity, fidelity, murmur
from voice.leg import LineClosed, Played

GREETING = murmur(2.5, seed=1)
QUESTION = murmur(3.0, seed=3)


async def both_ways(line: LineUnderTest, phone: BaresipPhone) -> tuple[Fidelity, Fidelity]:
    """One call: what the session heard of the question, what the telephone heard of the greeting."""
    await phone.dial(line.uri)
    session = await line.call()
    await session.wait_for(Played)
    await asyncio.sleep(1.2)
    await phone.hang_up()
    await asyncio.wait_for(session.over.wait(), 15)
    assert session.events[-1] == LineClosed("caller")
    found = fidelity(bytes(session.heard), QUESTION), fidelity(phone.heard(), GREETING)
    print(*found)
    return found


@pytest.mark.parametrize(
    ("codec", "floor_db"), [(G722, 20.0), (OPUS, 15.0)], ids=lambda value: getattr(value, "module", "")
)
async def test_a_wideband_telephone_hears_and_is_heard(tmp_path: Path, codec: Codec, floor_db: float) -> None:
    async with (
        LineUnderTest(tmp_path, greeting=GREETING) as line,
        BaresipPhone(tmp_path / "baresip", QUESTION, codec=codec) as phone,
    ):
        heard, played = await both_ways(line, phone)
        assert min(heard.snr_db, played.snr_db) > floor_db
        assert min(heard.intact, played.intact) >= 0.5


@pytest.mark.parametrize(
    ("ours", "theirs"), [("srtp", "srtp"), ("srtp_required", "srtp-mand"), ("srtp", ""), ("dtls_srtp", "dtls_srtp")]
)
async def test_encrypted_sound_arrives_intact(tmp_path: Path, ours: str, theirs: str) -> None:
    async with (
        LineUnderTest(tmp_path, greeting=GREETING, encryption=ours) as line,
        BaresipPhone(tmp_path / "baresip", QUESTION, codec=G711, encryption=theirs) as phone,
    ):
        heard, played = await both_ways(line, phone)
        assert min(heard.snr_db, played.snr_db) > 30
        assert min(heard.intact, played.intact) >= 0.5
