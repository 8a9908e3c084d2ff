"""The widget's protocol without a dialogue: fixed replies, a desk that the test plays, and every failure on demand.

It serves the real widget and the real pages under the gateway's own content policy, and lets in the same origins.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

from bot.pack import load_pack
from bot.settings import Settings
from bot.web import assets, page
from bot.web.errors import SECURITY_HEADERS
from bot.web.keys import SETTINGS, TEXTS
from bot.web.texts import load_web_texts

Frame = dict[str, Any]

GREETING = "Bonjour ! Je suis l'assistant automatique. Posez votre question."
SUGGESTIONS = ["Comment adhérer ?", "Quand faut-il déclarer ?"]
SOURCE_URL = "https://www.service-public.fr/associations/vosdroits/F766"
ANSWER: Frame = {
    "outcome": "answered",
    "answers": [
        {
            "id": "adhesion_comment",
            "title": "Comment adhérer au chèque emploi associatif",
            "text": "L'adhésion est **gratuite**.\n\n- Remplissez le formulaire\n- Signez le mandat\n\n"
            "Voir [le site](https://www.cea.urssaf.fr/).",
            "source": "Service-public.fr, fiche F766",
            "source_url": SOURCE_URL,
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
ABSTAINED: Frame = {"outcome": "abstained", "answers": [], "choices": [], "text": "Je ne sais pas répondre à cela."}
SLOTS: list[Frame] = [
    {"id": "slot1", "from": "2026-11-23T09:00:00+01:00", "to": "2026-11-23T10:00:00+01:00"},
    {"id": "slot2", "from": "2026-11-23T14:00:00+01:00", "to": "2026-11-23T15:00:00+01:00"},
]
HOURS = ["Du lundi au vendredi, de 9 h à 12 h et de 14 h à 17 h"]
OPEN: Frame = {"open": True, "staffed": True, "hours": HOURS, "next_opening": None, "slots": SLOTS, "messages": True}
CLOSED: Frame = OPEN | {"open": False, "staffed": False, "next_opening": "2026-11-23T09:00:00+01:00"}
TOKEN = "4f1c0b6a9d2e47538b1c0e6f2a7d9c35"


@dataclass
class FakeGateway:
    """`log` is the conversation as the server has it; `calls` and `frames` are what it received."""

    replies: dict[str, Frame] = field(default_factory=dict)
    log: list[Frame] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    transports: list[asyncio.Transport] = field(default_factory=list)
    handled: dict[str, int] = field(default_factory=dict)
    allowed: set[str] = field(default_factory=set)
    person: Frame = field(default_factory=lambda: dict(OPEN))
    voice: Frame = field(default_factory=lambda: {"listen": False, "speak": False})
    handover: Frame | None = None
    typing: str | None = None
    version: int = 0
    conversation: str = ""
    started: int = 0
    # what goes wrong
    is_down: bool = False
    refuses_sockets: bool = False
    is_silent: bool = False
    stays_typing: bool = False
    answers_after: asyncio.Event | None = None
    cuts: str = (
        ""  # "unheard": before a message is handled; "heard": after; "reply": in the middle of the reply's bytes
    )
    refusal: Frame | None = None
    refuses_new: Frame | None = None
    cannot_erase: bool = False
    on_frame: Callable[[Frame], Any] | None = None
    prepare: Callable[[web.Application], None] | None = None  # more routes, as those of the voice
    url: str = ""
    port: int = 0
    runner: web.AppRunner | None = None

    @property
    def questions(self) -> list[str]:
        return [message["text"] for message in self.log if message["type"] == "person"]

    def sent(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.get("type") == kind]

    # Running

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[self._guard])
        pack = load_pack()
        app[SETTINGS], app[TEXTS] = Settings(), load_web_texts(pack.prompts(), pack.words["service"])
        app.add_routes(page.routes)
        app.add_routes(assets.routes)
        app.router.add_get("/api/service", self._service)
        app.router.add_post("/api/conversations", self._start)
        app.router.add_get("/api/conversations/{id}/ws", self._socket)
        app.router.add_post("/api/conversations/{id}/messages", self._message)
        app.router.add_get("/api/conversations/{id}", self._read)
        app.router.add_delete("/api/conversations/{id}", self._erase)
        app.router.add_route("OPTIONS", "/{anything:.*}", self._preflight)
        if self.prepare:
            self.prepare(app)
        self.runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port, reuse_address=True).start()
        self.port = self.runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}/"

    @property
    def origin(self) -> str:
        return self.url.rstrip("/")

    async def stop(self) -> None:
        for transport in self.transports:
            transport.abort()
        self.sockets.clear()
        self.transports.clear()
        if self.runner:
            await self.runner.cleanup()

    async def restart(self) -> None:
        """The process ends and another begins at the same place: the log is kept, connections are not."""
        await self.stop()
        await self.start(self.port)

    # What the test does in the place of a dialogue, a desk or a broken network

    async def drop(self) -> None:
        """Ends every connection without a word."""
        transports, self.transports = self.transports, []
        self.sockets.clear()
        for transport in transports:
            transport.abort()

    async def say(self, frame: Frame) -> Frame:
        """Something that the visitor did not ask for; kept in the log."""
        kept = self._keep(frame)
        await self.tell(kept)
        return kept

    async def tell(self, frame: Frame) -> None:
        self.version += 1
        if frame["type"] == "typing":
            self.typing = frame["who"] if frame["on"] else None
        for socket in list(self.sockets):
            if not socket.closed:
                await socket.send_json(frame)

    async def bot_says(self, text: str) -> None:
        await self.say({"type": "reply"} | ABSTAINED | {"outcome": "answered", "text": text})

    async def agent_says(self, text: str, name: str = "Claire") -> None:
        await self.say({"type": "agent", "name": name, "text": text})

    async def handover_is(self, state: str, **more: Any) -> None:
        """The desk's word about the request for a person."""
        now = {"state": state, "position": None, "wait_seconds": None, "agent": None}
        self.handover = now | {name: more[name] for name in now if name in more} if state in _OPEN_STATES else None
        await self.say({"type": "handover", "state": state, "text": _IN_FRENCH[state]} | more)

    async def queue_is(self, position: int | None, wait_seconds: int | None) -> None:
        if self.handover:
            self.handover |= {"position": position, "wait_seconds": wait_seconds}
        await self.tell({"type": "queue", "position": position, "wait_seconds": wait_seconds})

    # The protocol

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        origin = request.headers.get("Origin", "")
        is_api = request.path.startswith("/api")
        may = origin in self.allowed or origin == self.origin
        may |= request.headers.get("Sec-Fetch-Site") == "same-origin"
        if is_api and request.method != "OPTIONS":
            self.calls.append(f"{request.method} {request.path}")
        if is_api and not may:
            response: web.StreamResponse = _failure(403, "forbidden_origin", "Cette page n'y est pas autorisée.")
        elif is_api and self.is_down:
            response = _failure(503, "unavailable", "Le service redémarre.")
        else:
            response = await handler(request)
        if not response.prepared:
            for name, value in SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
            if is_api and origin in self.allowed:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Vary"] = "Origin"
        return response

    async def _preflight(self, request: web.Request) -> web.Response:
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST, DELETE",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept",
                "Access-Control-Max-Age": "600",
            },
        )

    async def _service(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "service": "chèque emploi associatif",
                "greeting": GREETING,
                "suggestions": SUGGESTIONS,
                "max_message_chars": 2000,
                "person": self.person,
                "voice": self.voice,
            }
        )

    async def _start(self, _request: web.Request) -> web.Response:
        if self.refuses_new:
            return _failure(429, self.refuses_new["code"], self.refuses_new["text"])
        self.started += 1
        self.conversation = f"conversation{self.started}"
        self.log.clear()
        self.handover = None
        service = {"service": "chèque emploi associatif", "greeting": GREETING, "suggestions": SUGGESTIONS}
        return web.json_response({"id": self.conversation, "token": TOKEN} | service, status=201)

    def _is_theirs(self, request: web.Request, token: str) -> bool:
        return request.match_info["id"] == self.conversation and token == TOKEN

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.refuses_sockets:
            return _failure(400, "bad_request", "")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        self.transports.append(request.transport)
        try:
            hello = await socket.receive_json()
        except TypeError:
            return socket
        if not self._is_theirs(request, hello["token"]):
            await socket.send_json({"type": "error", "code": "unknown_conversation", "text": "Perdue."})
            await socket.close()
            return socket
        self.sockets.append(socket)
        await socket.send_json({"type": "welcome", "seq": len(self.log), "handover": self.handover})
        for message in self.log[hello["after"] :]:
            await socket.send_json(message)
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._receive(frame.json(), socket, request.transport)
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    async def _receive(self, frame: Frame, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.frames.append(frame)
        if self.is_silent or frame["type"] == "typing":
            return
        if self.refusal:
            await socket.send_json(self.refusal | {"type": "error", "client_id": frame["client_id"]})
            return
        cut, self.cuts = self.cuts, ""
        if cut == "unheard":
            transport.abort()
            return
        if frame["type"] in ("message", "choice"):
            await self.tell({"type": "typing", "on": True, "who": "bot"})
        if self.answers_after:
            await self.answers_after.wait()
        if self.stays_typing:
            return
        news = self._handle(frame)
        if cut == "heard":
            transport.abort()
            return
        for message in news:
            if cut == "reply" and message["type"] != "person":
                _write_half_a_frame(transport, message)
                transport.abort()
                return
            await self.tell(message)
        await socket.send_json(
            {"type": "received", "client_id": frame["client_id"], "seq": self.handled[frame["client_id"]]}
        )

    def _handle(self, frame: Frame) -> list[Frame]:
        """The new messages of the log; none for a frame that was handled before."""
        if frame["client_id"] in self.handled:
            return []
        first = len(self.log)
        match frame["type"]:
            case "message" | "choice":
                text = frame.get("text") or frame["label"]
                self._keep({"type": "person", "text": text, "client_id": frame["client_id"]})
                if not (self.handover and self.handover["state"] == "active"):
                    self._keep({"type": "reply"} | self.replies.get(text, ANSWER))
            case "feedback":
                reply = self.log[frame["seq"] - 1]
                reply["feedback"] = {"helpful": frame["helpful"]}
            case "handover":
                self._keep({"type": "person", "text": "Parler à un conseiller", "client_id": frame["client_id"]})
                state = "queued" if self.person["open"] and self.person["staffed"] else "refused"
                more = {} if state == "queued" else {"reason": "nobody" if self.person["open"] else "closed"}
                self._handover(state, **more)
            case "cancel_handover":
                self._handover("cancelled")
            case "callback":
                self._handover("callback", slot=next(one for one in SLOTS if one["id"] == frame["slot"]))
            case "leave_message":
                self._handover("message_left")
        self.handled[frame["client_id"]] = len(self.log)
        if self.on_frame:
            self.on_frame(frame)
        return self.log[first:]

    def _handover(self, state: str, **more: Any) -> None:
        now = {"state": state, "position": None, "wait_seconds": None, "agent": None}
        self.handover = now if state in _OPEN_STATES else None
        self._keep({"type": "handover", "state": state, "text": _IN_FRENCH[state]} | more)

    def _keep(self, frame: Frame) -> Frame:
        self.version += 1
        kept = frame | {"seq": len(self.log) + 1, "at": datetime.now(UTC).isoformat()}
        self.log.append(kept)
        return kept

    async def _message(self, request: web.Request) -> web.Response:
        if not self._is_theirs(request, _bearer(request)):
            return _failure(404, "unknown_conversation", "Perdue.")
        frame = await request.json()
        self.frames.append(frame)
        if self.refusal:
            return _failure(429, self.refusal["code"], self.refusal["text"])
        if frame["type"] != "typing":
            self._handle(frame)
        seq = self.handled.get(frame.get("client_id", ""), 0)
        return web.json_response({"type": "received", "client_id": frame.get("client_id"), "seq": seq})

    async def _read(self, request: web.Request) -> web.Response:
        """Waits, when that is asked for, until there is something to bring."""
        if not self._is_theirs(request, _bearer(request)):
            return _failure(404, "unknown_conversation", "Perdue.")
        after, state = int(request.query.get("after", "0")), request.query.get("state", str(self.version))
        waits = float(request.query.get("wait", "0"))
        while waits > 0 and len(self.log) <= after and str(self.version) == state and self.conversation:
            await asyncio.sleep(0.02)
            waits -= 0.02
        if not self._is_theirs(request, _bearer(request)):
            return _failure(404, "unknown_conversation", "Perdue.")
        queue = self.handover and {name: self.handover[name] for name in ("position", "wait_seconds")}
        return web.json_response(
            {
                "messages": self.log[after:],
                "seq": len(self.log),
                "state": str(self.version),
                "handover": self.handover,
                "queue": queue,
                "typing": self.typing,
            }
        )

    async def _erase(self, request: web.Request) -> web.Response:
        if self.cannot_erase:
            return _failure(503, "unavailable", "Le service redémarre.")
        assert _bearer(request) == TOKEN
        self.log.clear()
        self.conversation = ""
        await self.tell({"type": "erased"})
        return web.Response(status=204)


_OPEN_STATES = ("requested", "queued", "active")
_IN_FRENCH = {
    "requested": "Un conseiller est demandé.",
    "queued": "Votre demande attend un conseiller.",
    "active": "Un conseiller vous a rejoint.",
    "ended": "L'échange avec le conseiller est terminé.",
    "cancelled": "La demande est annulée.",
    "refused": "Aucun conseiller n'est disponible.",
    "callback": "Un rappel est promis.",
    "message_left": "Votre message est transmis.",
}


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _failure(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"error": {"code": code, "text": text}}, status=status)


def _write_half_a_frame(transport: asyncio.Transport, message: Frame) -> None:
    """The first half of the bytes of a text frame (RFC 6455, 5.2), as a cable pulled out leaves it."""
    content = json.dumps(message).encode()
    length = len(content)
    header = bytes([0x81, length]) if length < 126 else bytes([0x81, 126]) + length.to_bytes(2, "big")
    transport.write(header + content[: length // 2])


async def until(condition: Callable[[], Any], seconds: float = 5) -> None:
    """Waits for something at the server."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
