"""The whole service without a telephone: a question is spoken to it and understood, its answer is read aloud."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import av
import pytest

from tests.service.running import Service
from voice.audio import float_to_pcm, read_wav, resample

AUDIO = Path(__file__).parents[1] / "audio"
RATE_HZ = 16000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Voice is on in the widget, the telephone is off: the engines are loaded all the same."""
    service = Service(tmp_path_factory.mktemp("guichet"))
    service.env |= {"GUICHET_WIDGET__LISTEN": "true", "GUICHET_WIDGET__SPEAK": "true"}
    service.start("--no-phone", ready=False)
    service.wait_until(lambda health: {"ok"} == {health["parts"].get(name, {}).get("status") for name in _NEEDED})
    yield service
    assert service.stop() == 0


_NEEDED = ("store", "dialogue", "speech")


async def test_a_spoken_question_is_answered_and_read_aloud(service: Service) -> None:
    samples, rate_hz = read_wav(AUDIO / "definition.wav")
    pcm = float_to_pcm(resample(samples, rate_hz, RATE_HZ)) + bytes(2 * 3 * RATE_HZ)
    ours = {"Origin": service.url}
    async with aiohttp.ClientSession(service.url, headers=ours) as session:
        assert (await (await session.get("/api/service")).json())["voice"] == {"listen": True, "speak": True}
        opened = await (await session.post("/api/conversations", json={})).json()
        place, own = f"/api/conversations/{opened['id']}", {"Authorization": f"Bearer {opened['token']}"}

        async with session.ws_connect(f"{place}/listen") as socket:
            await socket.send_json({"type": "hello", "token": opened["token"]})
            assert await socket.receive_json(timeout=10) == {"type": "ready"}
            for start in range(0, len(pcm), 2048):
                await socket.send_bytes(pcm[start : start + 2048])
            frames = [frame.json() async for frame in socket]
        assert [frame["type"] for frame in frames] == ["enough", "heard"]
        assert "chèque emploi associatif" in frames[-1]["text"].lower()

        body = {"type": "message", "client_id": "1", "text": frames[-1]["text"]}
        await session.post(f"{place}/messages", headers=own, json=body)
        log = (await (await session.get(place, headers=own)).json())["messages"]
        reply = next(message for message in log if message["type"] == "reply")
        assert reply["answers"][0]["id"] == "cea_definition"

        async with session.get(f"{place}/speech/{reply['seq']}", headers=own) as response:
            assert (response.status, response.content_type) == (200, "audio/wav")
            content = await response.read()
    with av.open(io.BytesIO(content)) as container:
        assert "AI-generated speech" in container.metadata["comment"]
    assert len(read_wav(content)[0]) > 4 * 8000
    log_text = service.log.read_text()
    assert "associatif" not in log_text.split("Ready.", 1)[-1]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {}])
async def test_another_sites_page_can_neither_speak_nor_listen(service: Service, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(service.url) as session:
        opened = await (await session.post("/api/conversations", json={}, headers={"Origin": service.url})).json()
        place, own = f"/api/conversations/{opened['id']}", {"Authorization": f"Bearer {opened['token']}"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{place}/listen", headers=headers)
        assert refused.value.status == 403
        assert (await session.get(f"{place}/speech/1", headers=own | headers)).status == 403


async def test_many_who_speak_at_once_are_told_to_write(service: Service) -> None:
    async with aiohttp.ClientSession(service.url, headers={"Origin": service.url}) as session:
        answers = []
        sockets = []
        for _ in range(3):
            opened = await (await session.post("/api/conversations", json={})).json()
            socket = await session.ws_connect(f"/api/conversations/{opened['id']}/listen")
            sockets.append(socket)
            await socket.send_json({"type": "hello", "token": opened["token"]})
            frame = await socket.receive_json(timeout=10)
            answers.append(frame.get("code", frame["type"]))
        assert answers == ["ready", "ready", "busy"]
        for socket in sockets:
            await socket.close()
        await asyncio.sleep(0)
