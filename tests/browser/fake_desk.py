"""The desk's API (docs/desk.md) without a desk: a queue that the test fills, and every refusal on demand.

It serves the real console under the gateway's own content policy. What an agent does changes it as docs/desk.md says,
and every change goes to every open console.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import WSMsgType, web

from bot.settings import Settings
from bot.web import console, page
from bot.web.errors import SECURITY_HEADERS
from bot.web.keys import SETTINGS
from tests.browser.fake_accounts import FakeAccounts

Json = dict[str, Any]

CSRF = "csrf-of-this-session"
SUBJECTS = [
    {"intent": "adhesion_comment", "title": "Comment adhérer", "theme": "Adhésion"},
    {"intent": "adhesion_gratuite", "title": "Le service est-il gratuit", "theme": "Adhésion"},
    {"intent": "bulletin_trouver", "title": "Retrouver un bulletin de paie", "theme": "Bulletin"},
    {"intent": "declaration_delai", "title": "Jusqu’à quand déclarer", "theme": "Déclaration"},
    {"intent": "contrat_modifier", "title": "Modifier un contrat enregistré", "theme": "Embauche"},
]
SOURCE = {
    "source": "Service-public.fr, fiche F766",
    "source_url": "https://www.service-public.fr/associations/vosdroits/F766",
    "verified_on": "2026-11-21",
}
SUGGESTIONS: list[Json] = [
    {
        "intent": "declaration_delai",
        "title": "Jusqu’à quand déclarer",
        "text": "Le volet social s’envoie **dans le mois** qui suit le paiement du salaire.",
        "plain": "Le volet social s’envoie dans le mois qui suit le paiement du salaire.",
        "score": 0.71,
        "from": "ranking",
        **SOURCE,
    },
    {
        "intent": "bulletin_trouver",
        "title": "Retrouver un bulletin de paie",
        "text": "Dans votre espace, rubrique **Bulletins** :\n\n- choisissez le salarié\n- puis le mois.",
        "plain": "Dans votre espace, rubrique Bulletins : choisissez le salarié, puis le mois.",
        "score": 0.42,
        "from": "text",
        **SOURCE,
    },
]
CANNED = [
    {"id": "bonjour", "title": "Bonjour", "text": "Bonjour, je suis Jeanne D., conseillère. Je prends la suite."},
    {"id": "attente", "title": "Un instant", "text": "Je consulte votre dossier, un instant s’il vous plaît."},
    {"id": "fin", "title": "Au revoir", "text": "Je vous remercie de votre visite et vous souhaite une bonne journée."},
]
FIGURES = {
    "since": "2026-11-15T00:00:00Z",
    "handovers": {"asked": 214, "taken": 188, "callback": 17, "message_left": 9},
    "wait_seconds": {"median": 74.0, "p90": 260.0},
    "wait_given": {"count": 80, "kept": 71},
    "callbacks": {"promised": 17, "kept": 15, "kept_on_time": 14, "missed": 1, "cancelled": 0, "overdue": 1},
    "messages": {"new": 2, "done": 7},
    "verdicts": {"right": 120, "wrong_answer": 3, "wrong_intent": 9, "missing_answer": 21},
}


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


@dataclass
class FakeDesk:
    """`handovers`, `details` … are what the server holds; `calls` what it was asked, `frames` what sockets said."""

    signed_in: bool = True
    totp: str = ""
    handovers: dict[str, Json] = field(default_factory=dict)
    details: dict[str, Json] = field(default_factory=dict)
    agents: dict[str, Json] = field(default_factory=dict)
    callbacks: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)
    past: list[Json] = field(default_factory=list)
    service: Json = field(default_factory=dict)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    frames: list[Json] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    refusals: dict[str, tuple[int, str, str]] = field(default_factory=dict)  # by the last part of the path
    down: bool = False
    csrf: str = CSRF  # another session has another
    version: int = 1
    url: str = ""

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self.accounts = FakeAccounts(ago)
        self.me = self.agent("jeanne", "Jeanne D.")
        self.service = {
            "open": True, "next_opening": None, "hours": ["Du lundi au vendredi, de 9 h à 17 h"], "staffed": True,
            "mode": "manual", "waiting": 0, "longest_wait_seconds": None, "teams": ["paie", "adhésion"],
            "can_dial": True, "time_zone": "Europe/Paris", "calls": {"enabled": False, "ways": []},
        }  # fmt: skip

    # -- what a test arranges --

    def agent(self, agent_id: str, name: str, **other: Any) -> Json:
        made: Json = {
            "id": agent_id, "name": name, "role": "agent", "teams": [], "skills": [], "status": "available",
            "capacity": 3, "load": 0, "viewing": None, "takes_calls": False,
        } | other  # fmt: skip
        self.agents[agent_id] = made
        return made

    def waits(
        self, words: str, *, seconds: float = 30, channel: str = "web", subject: int | None = 3, **other: Any
    ) -> Json:
        number = next(self._ids)
        chosen: Json | None = SUBJECTS[subject] if subject is not None else None
        made: Json = {
            "id": f"h{number}", "conversation_id": f"c{number}", "channel": channel, "state": "queued", "version": 1,
            "reason": "asked", "refusal": None, "ending": None, "requested_at": ago(seconds),
            "waiting_since": ago(seconds), "taken_at": None, "deadline": None, "priority": 0, "front": False,
            "team": "", "skills": [],
            "position": number,
            "wait_seconds": None, "agent": None, "declined": [], "last_words": words,
            "subject": chosen and {"intent": chosen["intent"], "title": chosen["title"], "confidence": 0.71},
            "heard_confidence": 0.83 if channel == "phone" else None, "summary": "", "phase": None,
            "callback_number": None, "on_line": False, "line": None,
        } | other  # fmt: skip
        self.handovers[made["id"]] = made
        self.details[made["conversation_id"]] = self._detail(made)
        return made

    def _detail(self, handover: Json) -> Json:
        words, is_call = handover["last_words"], handover["channel"] == "phone"
        answer = {
            "id": "adhesion_comment",
            "title": "Comment adhérer",
            "text": "L’adhésion est **gratuite**.",
            **SOURCE,
        }
        ranking: list[Json] = [{"intent": one["intent"], "title": one["title"], "confidence": share}
                   for one, share in zip(SUBJECTS[::-1], (0.06, 0.71, 0.12, 0.05, 0.03), strict=True)]  # fmt: skip
        ranking.sort(key=lambda one: -one["confidence"])
        turn = {
            "readings": [], "key": "", "interrupted": False, "choices": [],
            "ranking": [{"intent": one["intent"], "confidence": one["confidence"]} for one in ranking],
        }  # fmt: skip
        turns: list[Json] = [
            turn | {"number": 1, "at": ago(95), "heard": "Bonjour, comment adhérer ?",
                    "confidence": 0.9 if is_call else None,
                    "intent": "adhesion_comment", "intent_confidence": 0.93, "outcome": "answered",
                    "spoken": "L’adhésion est gratuite." if is_call else "", "answers": [answer]},
            turn | {"number": 2, "at": ago(60), "heard": words, "confidence": 0.83 if is_call else None,
                    "intent": "declaration_delai", "intent_confidence": 0.71, "outcome": "handover",
                    "spoken": "Je transmets votre demande à un conseiller.", "answers": []},
        ]  # fmt: skip
        log: list[Json] = [
            {"type": "person", "seq": 1, "at": ago(96), "text": "Bonjour, comment adhérer ?"},
            {"type": "reply", "seq": 2, "at": ago(95), "outcome": "answered", "text": "", "answers": [answer],
             "choices": []},
            {"type": "person", "seq": 3, "at": ago(61), "text": words},
            {"type": "reply", "seq": 4, "at": ago(60), "outcome": "handover", "answers": [], "choices": [],
             "text": "Je transmets votre demande à un conseiller."},
            {"type": "handover", "seq": 5, "at": ago(60), "state": "queued",
             "text": "Demande transmise à un conseiller."},
        ]  # fmt: skip
        return {
            "id": handover["conversation_id"], "channel": handover["channel"], "mode": "bot", "started_at": ago(100),
            "ended_at": None, "ended_reason": None, "phase": handover["phase"], "messages": [] if is_call else log,
            "turns": turns, "handovers": [handover],
            "payload": {
                "protocol_version": 1, "conversation_id": handover["conversation_id"], "channel": handover["channel"],
                "reason": handover["reason"], "waiting_since": handover["waiting_since"], "last_words": words,
                "summary": f"Demande comment adhérer ; réponse donnée.\nPuis : « {words} »", "ranking": ranking[:4],
                "heard_confidence": handover["heard_confidence"], "slots": {"personne": "association"},
                "answers": [{"id": answer["id"], "title": answer["title"], "turn": 1, **SOURCE}],
                "transcript": {"href": "", "through_turn": 2},
            },
            "history": [
                {"at": ago(60), "kind": "requested", "handover_id": handover["id"], "agent": None, "detail": ""}
            ],
            "notes": [], "annotations": [], "callbacks": [], "desk_messages": [], "viewers": [],
        }  # fmt: skip

    def promised(self, name: str, number: str, *, due: float = 3600, **other: Any) -> Json:
        key = f"b{next(self._ids)}"
        self.callbacks[key] = {
            "id": key, "conversation_id": f"c{key}", "handover_id": None, "version": 1, "state": "promised",
            "name": name,
            "number": number, "slot": None, "promised_at": ago(7200), "due_at": ago(-due), "overdue": due < 0,
            "attempts": 0, "dialled_at": None, "ended_at": None, "on_time": None, "agent": None, "note": "",
            "reason": "asked", "summary": "",
        } | other  # fmt: skip
        return self.callbacks[key]

    def written(self, name: str, contact: str, text: str, **other: Any) -> Json:
        key = f"m{next(self._ids)}"
        self.messages[key] = {
            "id": key, "conversation_id": f"c{key}", "version": 1, "state": "new", "name": name, "contact": contact,
            "text": text, "received_at": ago(5400), "done_at": None, "agent": None, "note": "",
        } | other  # fmt: skip
        return self.messages[key]

    def visitor_says(self, conversation_id: str, text: str) -> Json:
        return self._say(conversation_id, {"type": "person", "text": text})

    def _say(self, conversation_id: str, message: Json) -> Json:
        log = self.details[conversation_id]["messages"]
        said: Json = message | {"seq": len(log) + 1, "at": ago(0)}
        log.append(said)
        self.send({"type": "message", "conversation_id": conversation_id, "message": said})
        return said

    def changed(self, *entities: Json) -> None:
        """Tells every console; the version is part of it."""
        change: Json = {}
        for one in entities:
            one["version"] = one.get("version", 0) + 1
            kind = next(k for k in ("handovers", "agents", "callbacks", "messages") if one["id"] in getattr(self, k))
            change.setdefault(kind, {"put": [], "gone": []})["put"].append(one)
        waiting = [one for one in self.handovers.values() if one["state"] == "queued"]
        self.service["waiting"] = len(waiting)
        self.version += 1
        now = {"version": self.version, "now": ago(0), "me": self.me, "service": self.service}
        self.send({"type": "changes", **now, **change})

    def send(self, frame: Json) -> None:
        for socket in self.sockets:
            if not socket.closed:
                self._tasks.append(asyncio.ensure_future(socket.send_json(frame)))

    async def cut(self) -> None:
        """Every socket goes; while `down`, nothing is answered."""
        for socket in self.sockets:
            await socket.close()
        self.sockets.clear()

    # -- the server --

    async def start(self) -> None:
        self._tasks: list[asyncio.Future[None]] = []
        app = web.Application(middlewares=[self._around])
        app[SETTINGS] = Settings()
        app.add_routes(console.routes)
        app.add_routes(page.routes)
        app.add_routes(
            [
                web.get("/api/accounts/options", self._options),
                web.post("/api/accounts/login", self._login),
                web.get("/api/accounts/me", self._who),
                web.post("/api/accounts/logout", self._logout),
                *self.accounts.routes(self._body, self._refused),
                web.get("/api/desk/ws", self._socket),
                web.get("/api/desk/overview", self._overview),
                web.get("/api/desk/subjects", self._always({"subjects": SUBJECTS})),
                web.get("/api/desk/answers", self._answers),
                web.get("/api/desk/canned", self._always({"canned": CANNED})),
                web.get("/api/desk/slots", self._slots),
                web.get("/api/desk/figures", self._always(FIGURES)),
                web.get("/api/desk/conversations", self._search),
                web.get("/api/desk/conversations/{id}", self._conversation),
                web.get("/api/desk/conversations/{id}/suggestions", self._always({"suggestions": SUGGESTIONS})),
                web.post("/api/desk/conversations/{id}/{action}", self._in_conversation),
                web.post("/api/desk/handovers/{id}/{action}", self._handover),
                web.put("/api/desk/presence", self._presence),
                web.post("/api/desk/callbacks", self._promise),
                web.post("/api/desk/callbacks/{id}/{action}", self._callback),
                web.post("/api/desk/messages/{id}/{action}", self._message),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        await self.cut()
        await self._runner.cleanup()

    @web.middleware
    async def _around(self, request: web.Request, handler: Any) -> web.StreamResponse:
        token = request.headers.get("X-CSRF-Token")
        if self.down and request.path.startswith("/api"):
            response: web.StreamResponse = self._refused(503, "unavailable", "Le service est arrêté.")
        elif request.path.startswith("/api/desk") and not self.signed_in:
            response = self._refused(401, "unauthorized", "Vous n’êtes pas connecté.")
        elif request.method != "GET" and "login" not in request.path and self.csrf != token:
            response = self._refused(403, "csrf", "Cette page n’est plus à jour.")
        elif (refusal := self.refusals.get(request.path.rsplit("/", 1)[-1])) and request.method != "GET":
            await self._body(request)
            response = self._refused(*refusal)
        else:
            response = await handler(request)
        if not response.prepared:
            for name, value in SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    def _refused(self, status: int, code: str, text: str) -> web.Response:
        return web.json_response({"error": {"code": code, "text": text}}, status=status)

    def _always(self, content: Any) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(_: web.Request) -> web.Response:
            return web.json_response(content)

        return answer

    async def _body(self, request: web.Request) -> Json:
        body: Json = await request.json()
        self.calls.append((request.path, body))
        return body

    async def _options(self, _: web.Request) -> web.Response:
        oidc = {"label": "S’identifier avec ProConnect", "url": "/api/accounts/oidc/start"}
        return web.json_response(
            {"service": "Mairie de Saint-Exemple", "passwords": True, "password_min_chars": 12, "oidc": oidc}
        )

    def _me(self) -> Json:
        return self.accounts.who(self.csrf)

    async def _who(self, _: web.Request) -> web.Response:
        return (
            web.json_response(self._me()) if self.signed_in else self._refused(401, "unauthorized", "Connectez-vous.")
        )

    async def _login(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if body["password"] != "cheval agrafe pile":
            return self._refused(401, "wrong_login", "Identifiant ou mot de passe incorrect.")
        if self.totp and body.get("code") != self.totp:
            code = "wrong_code" if body.get("code") else "totp_required"
            return self._refused(401, code, "Saisissez le code à six chiffres de votre application d’authentification.")
        self.signed_in = True
        return web.json_response(self._me())

    async def _logout(self, _: web.Request) -> web.Response:
        self.signed_in = False
        return web.json_response({"redirect": None})

    def overview(self) -> Json:
        live = ("requested", "queued", "offered", "active", "wrap_up")
        waiting = [one for one in self.handovers.values() if one["state"] in live]
        self.service["waiting"] = sum(one["state"] == "queued" for one in waiting)
        return {
            "version": self.version, "now": ago(0), "me": self.me, "service": self.service, "handovers": waiting,
            "agents": list(self.agents.values()), "callbacks": list(self.callbacks.values()),
            "messages": list(self.messages.values()),
        }  # fmt: skip

    async def _overview(self, _: web.Request) -> web.Response:
        return web.json_response(self.overview())

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        await socket.send_json({"type": "snapshot", **self.overview()})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.frames.append(message.json())
        return socket

    async def _conversation(self, request: web.Request) -> web.Response:
        found = self.details.get(request.match_info["id"])
        return web.json_response(found) if found else self._refused(404, "unknown_conversation", "Inconnue.")

    async def _in_conversation(self, request: web.Request) -> web.Response:
        body, conversation_id = await self._body(request), request.match_info["id"]
        match request.match_info["action"]:
            case "messages":
                said = self._say(conversation_id, {"type": "agent", "name": self.me["name"], "text": body["text"]})
                return web.json_response({"seq": said["seq"]})
            case "notes":
                note = {"id": f"n{next(self._ids)}", "at": ago(0), "agent": self._author(), "text": body["text"]}
                self.details[conversation_id]["notes"].append(note)
                return web.json_response(note, status=201)
        return web.json_response({}, status=201)

    def _author(self) -> Json:
        return {"id": self.me["id"], "name": self.me["name"]}

    async def _handover(self, request: web.Request) -> web.Response:
        body, one = await self._body(request), self.handovers[request.match_info["id"]]
        state = {
            "take": "active", "decline": "queued", "return": "wrap_up", "close": "wrap_up", "wrap_up": "closed",
            "transfer": "offered",
        }[request.match_info["action"]]  # fmt: skip
        owner = self._author()
        if request.match_info["action"] == "transfer" and "agent_id" in body:
            other = self.agents[body["agent_id"]]
            owner = {"id": other["id"], "name": other["name"]}
        one |= {"state": state, "agent": None if state == "queued" else owner}
        one["taken_at"] = one["taken_at"] or (ago(0) if state == "active" else None)
        one["deadline"] = ago(-120) if state == "wrap_up" else None
        self.me["load"] = sum(h["state"] == "active" for h in self.handovers.values())
        self.changed(one)
        return web.json_response(one)

    async def _presence(self, request: web.Request) -> web.Response:
        self.me |= await self._body(request)
        return web.json_response(self.me)

    async def _callback(self, request: web.Request) -> web.Response:
        body, one = await self._body(request), self.callbacks[request.match_info["id"]]
        action = request.match_info["action"]
        one["state"] = {"dial": "dialling", "cancel": "cancelled", "again": "promised"}.get(action, action)
        one |= {"agent": self._author(), "note": body.get("note", one["note"])}
        one["attempts"] += action == "dial"
        self.changed(one)
        return web.json_response(one)

    async def _promise(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        made = self.promised(body["name"], body["number"])
        self.changed(made)
        return web.json_response(made, status=201)

    async def _message(self, request: web.Request) -> web.Response:
        body, one = await self._body(request), self.messages[request.match_info["id"]]
        done = request.match_info["action"] == "done"
        one |= {"state": "done" if done else "new", "done_at": ago(0) if done else None, "agent": self._author()}
        one["note"] = body.get("note", "")
        self.changed(one)
        return web.json_response(one)

    async def _slots(self, _: web.Request) -> web.Response:
        return web.json_response({"slots": [{"id": "s1", "from": ago(-7200), "to": ago(-10800)}]})

    async def _answers(self, request: web.Request) -> web.Response:
        q = request.query.get("q", "").casefold()
        return web.json_response({"suggestions": [one for one in SUGGESTIONS if q in one["title"].casefold()]})

    async def _search(self, request: web.Request) -> web.Response:
        q, start = request.query.get("q", "").casefold(), int(request.query.get("before") or 0)
        found = [one for one in self.past if q in one["excerpt"].casefold()]
        size = int(request.query.get("limit", "30"))
        rest = str(start + size) if len(found) > start + size else None
        return web.json_response({"conversations": found[start : start + size], "next": rest})
