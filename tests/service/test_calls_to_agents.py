"""Callers handed to agents: real telephones at both ends, the whole service between them, and the desk's API.

Caller and agent each play a tone of their own, so that what one hears of the other can be told from the bot's voice
and from the music; what the bot says is listened to by transcribing it.
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.settings import load_settings
from tests.integration.sip import sipp
from tests.integration.sip.baresip_phone import BaresipPhone
from tests.integration.sip.calling import Sipp
from tests.service.running import Service
from tests.service.test_calls import call_of, greeting_seconds, pcm_of, transcribed, words
from voice.audio import pcm_to_float
from voice.engines import speak_into_cache
from voice.whisper import Whisper

CALLER_HZ, AGENT_HZ = 620, 880
RING_SECONDS = 12
WHISPER = """Appel pour le chèque emploi associatif. Pour le prendre, tapez 1. Pour le refuser, tapez dièse, ou
raccrochez. Une personne a tapé 0 pour joindre un conseiller. Sujet : Comment adhérer au chèque emploi associatif."""


def tone(hz: int, seconds: float = 100.0) -> bytes:
    t = np.arange(int(seconds * 8000)) / 8000
    return (6000 * np.sin(2 * np.pi * hz * t)).astype("<i2").tobytes()


def seconds_of(hz: int, pcm: bytes) -> NDArray[np.bool_]:
    """For each tenth of a second whether it is this tone."""
    windows = np.frombuffer(pcm, "<i2").astype(float)[: len(pcm) // 1600 * 800].reshape(-1, 800)
    power = np.abs(np.fft.rfft(windows * np.hanning(800), axis=1)) ** 2
    near = slice(hz // 10 - 2, hz // 10 + 3)
    return (power[:, near].sum(axis=1) > 0.8 * power.sum(axis=1)) & (windows.std(axis=1) > 500)


def first_run(heard: NDArray[np.bool_]) -> int:
    """Where a tone begins to be heard for good: a vowel may hold it for a tenth of a second."""
    return next(number for number in range(len(heard)) if heard[number] and heard[number : number + 10].sum() >= 6)


class Desk:
    """The desk's API, as one agent's program uses it."""

    def __init__(self, service: Service, agent: str) -> None:
        self.service, self.agent = service, agent

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return await asyncio.to_thread(self._ask, method, path, body)

    async def ready(self, phone: str) -> None:
        me = await self.ask("PUT", "presence", {"status": "available", "takes_calls": True, "phone": phone})
        assert (me["takes_calls"], me["phone"]) == (True, phone)

    async def call(self, **expected: object) -> dict[str, Any]:
        """The newest caller's request, once it is so."""
        shown: dict[str, Any] = {}
        async with asyncio.timeout(60):
            while True:
                handovers = (await self.ask("GET", "overview"))["handovers"]
                shown = max(
                    (one for one in handovers if one["on_line"] or one["channel"] == "phone"),
                    default={},
                    key=lambda one: one["requested_at"],
                )
                if shown and all(shown.get(name) == value for name, value in expected.items()):
                    return shown
                await asyncio.sleep(0.3)

    async def line(self, state: str) -> dict[str, Any]:
        """The newest caller's request, once its line is in this state."""
        async with asyncio.timeout(60):
            while (shown := await self.call(state="active"))["line"]["state"] != state:
                await asyncio.sleep(0.2)
        return shown

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {self.service.desk_token}",
            "X-Guichet-Agent": f"{self.agent}?name={self.agent.title()}",
            "Content-Type": "application/json",
        }
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.service.url}/api/desk/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        return found


@pytest.fixture(scope="module")
def desk_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Agents' extensions are the ports of their telephones."""
    env = {
        "GUICHET_PHONE__DIAL_AS": "sip:caller@127.0.0.1:{number}",
        "GUICHET_PHONE__RING_SECONDS": str(RING_SECONDS),
        "GUICHET_PHONE__TRANSFER_HEADERS": "true",
        "GUICHET_DESK__AGENT_EXTENSIONS": "[0-9]{4,5}",
        "GUICHET_DESK__CALL_WAYS": '["phone", "transfer", "browser"]',
        "GUICHET_DESK__SOFTPHONE_PORTS": "31000-31099",
    }
    settings = load_settings()
    # As after some days of service: what is said to an agent has been said before.
    assert list(speak_into_cache(settings, [WHISPER], settings.load_pack().pronunciation))[-1] == 0
    running = Service(tmp_path_factory.mktemp("guichet"), env=env).start()
    yield running
    assert running.stop() == 0


def port_of(phone: BaresipPhone) -> str:
    return phone.uri.rpartition(":")[2]


async def test_an_agent_is_rung_told_who_calls_and_by_1_speaks_with_the_caller(
    desk_service: Service, recogniser: Whisper, tmp_path: Path
) -> None:
    wait = await greeting_seconds(desk_service, tmp_path / "greeting")
    asked = bytes(int((wait + 1.0) * 8000) * 2) + pcm_of("adherer.wav") + bytes(16000) + tone(CALLER_HZ)
    desk = Desk(desk_service, "jeanne")
    async with (
        BaresipPhone(tmp_path / "agent", tone(AGENT_HZ), answers=True) as agent,
        BaresipPhone(tmp_path / "caller", asked) as caller,
    ):
        await desk.ready(port_of(agent))
        line_id = await caller.dial(desk_service.sip_uri)
        async with asyncio.timeout(90):
            while not (await call_of(desk_service, line_id))["turns"]:
                await asyncio.sleep(0.2)
        await caller.press("0")
        waiting = await desk.call(state="queued", on_line=True)
        taken = await desk.ask("POST", f"handovers/{waiting['id']}/take", {"way": "phone"})
        assert (taken["state"], taken["line"]["way"]) == ("active", "phone"), taken
        await agent.expect("CALL_ESTABLISHED", 20)
        await asyncio.sleep(22)
        assert (await desk.call())["line"]["state"] == "ringing", "picking up is not taking"
        await agent.press("1")
        await desk.line("joined")
        await asyncio.sleep(8)
        await agent.hang_up()
        await caller.expect("CALL_CLOSED", 20)
        assert (await desk.call(state="wrap_up"))["ending"] == "closed"
        agents_ear, callers_ear = agent.heard(), caller.heard()
    of_caller, of_agent = seconds_of(CALLER_HZ, agents_ear), seconds_of(AGENT_HZ, callers_ear)
    assert of_caller.sum() >= 25, f"the agent heard {of_caller.sum() / 10} s of the caller"
    assert of_agent.sum() >= 25, f"the caller heard {of_agent.sum() / 10} s of the agent"
    joined = first_run(of_caller)
    assert joined > 60, "the agent heard the caller before pressing 1"
    whispered = transcribed(recogniser, pcm_to_float(agents_ear[: joined * 1600]))
    # Most of its words: the recogniser writes some of them otherwise than they were said.
    expected = set(words(WHISPER))
    assert len(expected & set(words(whispered))) >= 0.6 * len(expected), (expected, whispered)


async def test_who_does_not_answer_or_declines_leaves_the_caller_to_the_next_agent(
    desk_service: Service, tmp_path: Path
) -> None:
    jeanne, karim = Desk(desk_service, "jeanne"), Desk(desk_service, "karim")
    async with (
        BaresipPhone(tmp_path / "silent", b"") as silent,
        BaresipPhone(tmp_path / "declining", tone(AGENT_HZ), answers=True) as declining,
        BaresipPhone(tmp_path / "caller", tone(CALLER_HZ)) as caller,
    ):
        await jeanne.ready(port_of(silent))
        await karim.ready(port_of(declining))
        await caller.dial(desk_service.sip_uri)
        await caller.press("0")
        waiting = await jeanne.call(state="queued", on_line=True)
        path = f"handovers/{waiting['id']}/take"
        assert (await jeanne.ask("POST", path, {"way": "phone"}))["line"]["state"] == "ringing"
        await silent.expect("CALL_INCOMING", 20)
        await silent.expect("CALL_CLOSED", RING_SECONDS + 15)
        again = await karim.call(state="queued")
        assert again["id"] == waiting["id"]
        assert (await karim.ask("POST", path, {"way": "phone"}))["line"]["state"] == "ringing"
        await declining.expect("CALL_ESTABLISHED", 20)
        await asyncio.sleep(2)
        await declining.press("#")
        await declining.expect("CALL_CLOSED", 20)
        await karim.call(state="queued")
        # And once more, while the agent is being told: the caller hangs up, the agent is let go.
        assert (await karim.ask("POST", path, {"way": "phone"}))["line"]["state"] == "ringing"
        await declining.expect("CALL_ESTABLISHED", 20)
        await caller.hang_up()
        await declining.expect("CALL_CLOSED", 20)
        assert not seconds_of(AGENT_HZ, caller.heard()).any(), "the caller heard an agent who never took the call"
        assert not seconds_of(CALLER_HZ, declining.heard()).any()


async def test_a_caller_who_hangs_up_stops_the_ringing(desk_service: Service, tmp_path: Path) -> None:
    desk = Desk(desk_service, "jeanne")
    async with (
        BaresipPhone(tmp_path / "agent", b"") as agent,
        BaresipPhone(tmp_path / "caller", b"") as caller,
    ):
        await desk.ready(port_of(agent))
        await caller.dial(desk_service.sip_uri)
        await caller.press("0")
        waiting = await desk.call(state="queued", on_line=True)
        await desk.ask("POST", f"handovers/{waiting['id']}/take", {"way": "phone"})
        await agent.expect("CALL_INCOMING", 20)
        await caller.hang_up()
        await agent.expect("CALL_CLOSED", RING_SECONDS - 3)


async def test_a_call_is_passed_on_with_the_conversation_s_reference(desk_service: Service, tmp_path: Path) -> None:
    desk, callers = Desk(desk_service, "jeanne"), Sipp(tmp_path)
    steps = (
        sipp.dial()
        + sipp.pause(1000)
        + sipp.press_now("0")
        # Not before the caller has been told, whose words may still have to be made.
        + sipp.expect("REFER", "202 Accepted").replace('timeout="8000"', 'timeout="60000"')
        + sipp.notify(5, "200 OK", final=True)
        + sipp.expect("BYE")
    )
    await desk.ready("4012")
    calling = asyncio.create_task(callers.call_port(desk_service.sip_port, steps))
    waiting = await desk.call(state="queued", on_line=True)
    taken = await desk.ask("POST", f"handovers/{waiting['id']}/take", {"way": "transfer"})
    assert taken["line"]["way"] == "transfer", taken
    outcome = await calling
    assert outcome.status == 0, outcome.output
    reference = waiting["conversation_id"]
    wanted = f"Refer-To: <sip:caller@127.0.0.1:4012?X-Guichet-Conversation={reference}>"
    assert wanted in callers.messages("caller")


@pytest.mark.parametrize(
    ("body", "code"),
    [({"way": "phone", "phone": "0899123456"}, "bad_number"), ({"way": "pigeon"}, "bad_way")],
)
async def test_what_cannot_be_is_refused_and_the_caller_goes_on_waiting(
    desk_service: Service, tmp_path: Path, body: dict[str, str], code: str
) -> None:
    desk = Desk(desk_service, "jeanne")
    async with BaresipPhone(tmp_path / "caller", b"") as caller:
        await desk.ready("4012")
        await caller.dial(desk_service.sip_uri)
        await caller.press("0")
        waiting = await desk.call(state="queued", on_line=True)
        refused = await desk.ask("POST", f"handovers/{waiting['id']}/take", body)
        assert refused["error"]["code"] == code
        offered = await desk.ask("POST", f"handovers/{waiting['id']}/softphone", {"sdp": "v=0"})
        assert offered["error"]["code"] == "over", "nobody has taken it"
        assert (await desk.call())["state"] == "queued"
        await caller.hang_up()
