"""The chat's protocol without a dialogue: fixed replies, and every failure a network can have, on demand.

It serves the real page under the same content policy as the gateway.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from bot.web.errors import SECURITY_HEADERS

STATIC_DIR = Path(__file__).parents[2] / "bot" / "web" / "static"
Frame = dict[str, Any]

GREETING = "Bonjour ! Je suis l'assistant automatique. Posez votre question."
SUGGESTIONS = ["Comment adhérer ?", "Quand faut-il déclarer ?"]
ANSWER: Frame = {
    "outcome": "answered",
    "answers": [
        {
            "id": "adhesion_comment",
            "title": "Comment adhérer au chèque emploi associatif",
            "text": "L'adhésion est **gratuite**.\n\n- Remplissez le formulaire\n- Signez le mandat\n\n"
            "Voir [le site](https://www.cea.urssaf.fr/).",
            "source": "Service-public.fr, fiche F766",
            "source_url": "https://www.service-public.fr/associations/vosdroits/F766",
            "verified_on": "2026-11-21",
        }
    ],
    "choices": [],
    "text": "",
}
CLARIFY: Frame = {
    "outcome": "clarify",
    "answers": [],
    "choices": [
        {"intent": "adhesion_comment", "text": "Comment adhérer"},
        {"intent": "cout", "text": "Combien ça coûte"},
    ],
    "text": "Vouliez-vous dire :",
}


@dataclass
class FakeChatServer:
    """`log` is the conversation as the server has it; `calls` are the requests it received."""

    replies: dict[str, Frame] = field(default_factory=dict)
    log: list[Frame] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    handled: set[str] = field(default_factory=set)
    conversation: str = ""
    started: int = 0
    # what goes wrong
    is_down: bool = False
    refuses_sockets: bool = False
    is_silent: bool = False
    stays_typing: bool = False
    refusal: Frame | None = None
    url: str = ""

    @property
    def questions(self) -> list[str]:
        return [message["text"] for message in self.log if message["type"] == "person"]

    async def start(self) -> web.AppRunner:
        app = web.Application(middlewares=[self._headers])
        app.router.add_get("/", _page)
        app.router.add_static("/static/", STATIC_DIR)
        app.router.add_get("/api/service", self._service)
        app.router.add_post("/api/conversations", self._start)
        app.router.add_get("/api/conversations/{id}/ws", self._socket)
        app.router.add_post("/api/conversations/{id}/messages", self._message)
        app.router.add_get("/api/conversations/{id}", self._read)
        app.router.add_delete("/api/conversations/{id}", self._erase)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        return runner

    async def drop(self) -> None:
        """Ends every connection without a word."""
        for socket in self.sockets:
            await socket.close(code=1011)

    async def say(self, frame: Frame) -> None:
        """Something that the visitor did not ask for; kept in the log."""
        self.log.append(frame | {"seq": len(self.log) + 1})
        await self.tell(self.log[-1])

    async def tell(self, frame: Frame) -> None:
        for socket in self.sockets:
            if not socket.closed:
                await socket.send_json(frame)

    @web.middleware
    async def _headers(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/api"):
            self.calls.append(f"{request.method} {request.path}")
        if self.is_down and request.path.startswith("/api"):
            response: web.StreamResponse = web.json_response(
                {"error": {"code": "unavailable", "text": "Le service redémarre."}}, status=503
            )
        else:
            response = await handler(request)
        if not response.prepared:
            response.headers.update(SECURITY_HEADERS)
        return response

    async def _service(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "service": "chèque emploi associatif",
                "greeting": GREETING,
                "suggestions": SUGGESTIONS,
                "max_message_chars": 2000,
            }
        )

    async def _start(self, _request: web.Request) -> web.Response:
        self.started += 1
        self.conversation = f"conversation{self.started}"
        self.log.clear()
        return web.json_response({"id": self.conversation, "token": "secret"}, status=201)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.refuses_sockets:
            return web.json_response({"error": {"code": "no", "text": ""}}, status=400)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = await socket.receive_json()
        if request.match_info["id"] != self.conversation or hello["token"] != "secret":
            await socket.send_json({"type": "error", "code": "unknown_conversation", "text": "Perdue."})
            await socket.close()
            return socket
        self.sockets.append(socket)
        await socket.send_json({"type": "welcome", "seq": len(self.log), "handover": None})
        for message in self.log[hello["after"] :]:
            await socket.send_json(message)
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._receive(frame.json(), socket)
        return socket

    async def _receive(self, frame: Frame, socket: web.WebSocketResponse) -> None:
        self.frames.append(frame)
        if self.is_silent:
            return
        if self.refusal:
            await socket.send_json(self.refusal | {"type": "error", "client_id": frame["client_id"]})
            return
        await self.tell({"type": "typing", "on": True})
        if self.stays_typing:
            return
        person, reply = self._handle(frame)
        await self.tell(person | {"client_id": frame["client_id"]})
        await self.tell(reply)
        await socket.send_json({"type": "received", "client_id": frame["client_id"], "seq": person["seq"]})

    def _handle(self, frame: Frame) -> tuple[Frame, Frame]:
        if frame["client_id"] not in self.handled:
            self.handled.add(frame["client_id"])
            is_handover = frame.get("type") == "handover" or frame.get("handover")
            text = "Parler à un conseiller" if is_handover else frame.get("text") or frame["label"]
            self.log.append({"type": "person", "text": text, "seq": len(self.log) + 1})
            reply = {"type": "reply"} | self.replies.get(text, ANSWER)
            if is_handover:
                reply = {"type": "handover", "state": "requested", "text": "Votre demande est transmise."}
            self.log.append(reply | {"seq": len(self.log) + 1})
        return self.log[-2], self.log[-1]

    async def _message(self, request: web.Request) -> web.Response:
        frame = await request.json()
        self.frames.append(frame)
        return web.json_response(self._handle(frame)[1])

    async def _read(self, request: web.Request) -> web.Response:
        return web.json_response({"messages": self.log[int(request.query["after"]) :]})

    async def _erase(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        self.log.clear()
        self.conversation = ""
        return web.Response(status=204)


async def _page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC_DIR / "index.html")


async def until(condition: Any, seconds: float = 5) -> None:
    """Waits for something at the server."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
