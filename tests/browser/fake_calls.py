"""Callers at the desk that is played (`FakeDesk`): they wait on the line, and a real softphone answers the console.

The other end of the softphone is the gateway's own (`voice.softphone`): what the agent says arrives here as it would
at the caller's line, and the caller's voice is a tone.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import web

from tests.browser.fake_desk import FakeDesk, Json, ago
from voice.softphone.offer import read
from voice.softphone.peer import Peer

# A microphone that beeps, allowed without a question.
FAKE_MEDIA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
FRAME_SECONDS = 0.02
TONE = (8000 * np.sin(2 * math.pi * 440 * np.arange(160) / 8000)).astype("<i2").tobytes()  # 8.8 periods of 20 ms


@dataclass
class AgentsEnd:
    """One connection of the console's softphone."""

    peer: Peer
    heard: list[int] = field(default_factory=list)  # loudest sample of each 20 ms that the agent sent
    closed: bool = False

    def loudest(self, frames: int = 40) -> int:
        return max(self.heard[-frames:], default=0)


class FakeCalls(FakeDesk):
    """A desk whose callers can be taken in every way; `ends` are the softphone's connections, the last one last."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.ends: list[AgentsEnd] = []
        self.answers_after_seconds = 0.0  # "hold": what became of it is told to every console before the answer is
        self.service["calls"] = {"enabled": True, "ways": ["browser"]}
        self.me |= {"takes_calls": True, "phone": ""}

    def ways(self, *ways: str) -> None:
        self.service["calls"]["ways"] = list(ways)

    def caller(self, words: str, *, seconds: float = 40, **other: Any) -> Json:
        """Waits on the line."""
        summary = f"A demandé comment adhérer : réponse donnée.\nPuis : « {words} »"
        known: dict[str, Any] = {"on_line": True, "phase": "held", "summary": summary}
        return self.waits(words, seconds=seconds, channel="phone", **known | other)

    def line(self, call: Json, state: str, way: str = "browser") -> None:
        call["line"] = {"way": way, "state": state, "since": ago(0)}
        self.changed(call)

    def promised_by(self, words: str, name: str, number: str, **other: Any) -> Json:
        """A promise of a call, made in a conversation of before, which is over."""
        before = self.waits(words, channel="phone", seconds=7000, phase="ended", state="callback")
        summary = f"A demandé comment adhérer : réponse donnée.\nPuis : « {words} »"
        return self.promised(name, number, conversation_id=before["conversation_id"], summary=summary, **other)

    def answers(self, call: Json) -> None:
        """The person who is called back has picked up, and has been told who calls."""
        promise = self._promise_of(call)
        promise |= {"state": "kept", "ended_at": ago(0), "on_time": True}
        self.changed(promise)
        self.line(call, "joined", call["line"]["way"])

    def not_reached(self, call: Json, code: str, text: str) -> None:
        """The person who is called back does not answer."""
        promise = self._promise_of(call)
        promise["state"] = "promised"
        call |= {"state": "closed", "on_line": False, "line": None, "agent": None}
        self.changed(promise)
        self.changed(call)
        self.send({"type": "call_failed", "handover_id": call["id"], "code": code, "text": text})

    def _promise_of(self, call: Json) -> Json:
        return next(one for one in self.callbacks.values() if one.get("call_id") == call["id"])

    async def _callback(self, request: web.Request) -> web.Response:
        way = (await request.json()).get("way")
        if request.match_info["action"] != "dial" or not way:
            return await super()._callback(request)
        await self._body(request)
        promise = self.callbacks[request.match_info["id"]]
        call = self.waits("", channel="phone", subject=None, seconds=0, reason="callback", on_line=True, phase=None)
        call |= {"state": "active", "agent": self._author(), "summary": ""}
        promise |= {"state": "dialling", "agent": self._author(), "call_id": call["id"]}
        promise["attempts"] += 1
        self.line(call, "connecting" if way == "browser" else "ringing", way)
        self.changed(promise)
        return web.json_response(promise | {"call": call})

    def hangs_up(self, call: Json) -> None:
        """The caller is gone: a missed call when nobody had them, otherwise the agent writes up."""
        call |= {"on_line": False, "line": None, "phase": "ended"}
        if call["state"] == "active":
            call |= {"state": "wrap_up", "ending": "left", "deadline": ago(-120)}
        elif call["state"] == "offered":
            call |= {"state": "queued", "agent": None}
        self.changed(call)

    async def cut_sound(self) -> None:
        """The agent's last connection is gone, without a word."""
        await self.ends[-1].peer.hangup()

    async def stop(self) -> None:
        for end in self.ends:
            await end.peer.hangup()
        await super().stop()

    async def _handover(self, request: web.Request) -> web.Response:
        call, action = self.handovers[request.match_info["id"]], request.match_info["action"]
        if call["channel"] != "phone":
            return await super()._handover(request)
        body = await self._body(request)
        if action == "softphone":
            return await self._softphone(call, body)
        if action == "hold":
            self.line(call, "held" if body["on"] else "joined")
            await asyncio.sleep(self.answers_after_seconds)
            return web.json_response(call)
        if action == "take":
            way = body.get("way", self.service["calls"]["ways"][0])
            call |= {"state": "active", "agent": self._author(), "taken_at": ago(0)}
            self.line(call, "connecting" if way != "phone" else "ringing", way)
        elif action == "decline":
            call |= {"state": "queued", "agent": None, "declined": [self.me["id"]]}
            self.changed(call)
        elif action == "wrap_up":
            call |= {"state": "closed", "deadline": None}
            self.changed(call)
        elif action == "transfer":
            call |= {"state": "queued", "agent": None, "line": None, "front": True}
            self.changed(call)
        else:  # close hangs the caller up, return gives them back to the bot
            call |= {"state": "wrap_up", "deadline": ago(-120), "line": None, "on_line": action == "return"}
            call["ending"] = "returned" if action == "return" else "closed"
            self.changed(call)
        return web.json_response(call)

    async def _softphone(self, call: Json, body: Json) -> web.Response:
        if call["state"] != "active":
            return self._refused(409, "over", "Cet appel est terminé.")
        end = AgentsEnd(Peer())
        answer = await end.peer.answer(read(body["sdp"]))
        for former in self.ends:
            await former.peer.hangup()
        self.ends.append(end)
        self._tasks.append(asyncio.ensure_future(self._speak(call, end)))
        self._tasks.append(asyncio.ensure_future(self._listen(end)))
        return web.json_response({"sdp": answer})

    async def _speak(self, call: Json, end: AgentsEnd) -> None:
        if await end.peer.connected():
            self.line(call, "calling" if call["reason"] == "callback" else "joined")
            while not end.closed:
                if call["line"] and call["line"]["state"] == "joined":
                    await end.peer.play(TONE)
                await asyncio.sleep(FRAME_SECONDS)

    async def _listen(self, end: AgentsEnd) -> None:
        with suppress(asyncio.CancelledError):
            async for pcm in end.peer.sounds():
                end.heard.append(int(np.abs(np.frombuffer(pcm, "<i2").astype(int)).max(initial=0)))
        end.closed = True
