"""Accounts, the audit log and the exports (docs/accounts.md, docs/desk.md) as `FakeDesk` plays them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.accounts.roles import PERMISSIONS, Role

Json = dict[str, Any]

PASSWORD = "cheval agrafe pile"
QR = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="#fff"/></svg>'
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"


class FakeAccounts:
    """`users` are the accounts, `me` the id of who is signed in; `csv` what an export gives, piece by piece."""

    def __init__(self, ago: Callable[[float], str]) -> None:
        self._ago = ago
        self._ids = itertools.count(1)
        self.users: dict[str, Json] = {}
        self.me = "jeanne"
        self.time_zone = "Europe/Paris"
        self.entries: list[Json] = []
        self.verification: Json = {"entries": 812, "head": "812:" + "5f0c" * 16, "fault": None}
        self.browsers: list[Json] = [
            {"id": "s1", "created_at": ago(7200), "used_at": ago(20), "method": "totp", "client": FIREFOX,
             "current": True},
            {"id": "s2", "created_at": ago(90000), "used_at": ago(4000), "method": "password", "client": CHROME,
             "current": False},
        ]  # fmt: skip
        self.csv: list[bytes] = ["\ufeffConversation;Canal\r\n".encode(), b"c1;Site\r\n", b"c2;Site\r\n"]
        self.hold: asyncio.Event | None = None
        self.breaks_off = False
        self.exported: list[str] = []
        self.add("jeanne", "Jeanne D.", "agent")

    def add(self, user_id: str, name: str, role: str, **other: Any) -> Json:
        self.users[user_id] = {
            "id": user_id, "login": f"{user_id}@mairie.example", "name": name, "role": role, "teams": [], "skills": [],
            "created_at": self._ago(9e6), "disabled_at": None, "has_password": True, "must_change_password": False,
            "totp": False, "oidc": False, "signed_in_at": self._ago(7200), "sessions": 0,
        } | other  # fmt: skip
        return self.users[user_id]

    def writes(self, actor: str, action: str, subject: str, seconds: float = 60, **detail: Any) -> None:
        number = len(self.entries) + 1
        self.entries.append(
            {"number": number, "at": self._ago(seconds), "actor": actor, "action": action, "subject": subject,
             "detail": detail}
        )  # fmt: skip

    def who(self, csrf: str) -> Json:
        me = self.users[self.me]
        shown = {name: value for name, value in me.items() if name not in ("signed_in_at", "sessions")}
        permissions = sorted(PERMISSIONS[Role(me["role"])])
        return {"agent": shown, "pending": None, "csrf": csrf, "method": "password", "permissions": permissions,
                "time_zone": self.time_zone}  # fmt: skip

    def routes(self, body: Callable[[web.Request], Any], refused: Callable[..., web.Response]) -> list[web.RouteDef]:
        self._body, self._refused = body, refused
        return [
            web.get("/api/accounts/users", self._list),
            web.post("/api/accounts/users", self._add),
            web.patch("/api/accounts/users/{id}", self._change),
            web.delete("/api/accounts/users/{id}", self._remove),
            web.get("/api/accounts/users/{id}/sessions", self._sessions_of),
            web.delete("/api/accounts/users/{id}/sessions", self._end_sessions),
            web.get("/api/accounts/sessions", self._sessions),
            web.delete("/api/accounts/sessions/{id}", self._end_session),
            web.post("/api/accounts/password", self._password),
            web.post("/api/accounts/totp", self._totp),
            web.get("/api/accounts/totp/qr.svg", self._qr),
            web.post("/api/accounts/totp/{act}", self._totp_act),
            web.get("/api/audit", self._audit),
            web.post("/api/audit/verify", self._verify),
            web.get("/api/desk/export.csv", self._export),
            web.get("/api/desk/figures.csv", self._export),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"users": sorted(self.users.values(), key=lambda one: str(one["login"]))})

    async def _add(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if any(one["login"] == body["login"] for one in self.users.values()):
            return self._refused(409, "login_taken", "Un compte porte déjà cet identifiant.")
        made = self.add(f"u{next(self._ids)}", body["name"] or body["login"], body["role"], login=body["login"])
        made |= {"teams": body["teams"], "skills": body["skills"], "signed_in_at": None}
        made |= {"has_password": "password" in body, "must_change_password": "password" in body}
        return web.json_response(made, status=201)

    async def _change(self, request: web.Request) -> web.Response:
        body, one = await self._body(request), self.users[request.match_info["id"]]
        if one["id"] == self.me and ("role" in body or "disabled" in body):
            return self._refused(409, "own_account", "Vous ne pouvez pas retirer vos propres droits.")
        one |= {name: body[name] for name in ("name", "role", "teams", "skills") if name in body}
        if "disabled" in body:
            one["disabled_at"] = self._ago(0) if body["disabled"] else None
        if "password" in body:
            one["must_change_password"] = True
        if body.get("totp") is False:
            one["totp"] = False
        if body.keys() & {"role", "disabled", "password", "totp"}:
            one["sessions"] = 0
        return web.json_response(one)

    async def _remove(self, request: web.Request) -> web.Response:
        await self._body(request)
        del self.users[request.match_info["id"]]
        return web.Response(status=204)

    async def _sessions_of(self, _: web.Request) -> web.Response:
        return web.json_response({"sessions": self.browsers[:1]})

    async def _end_sessions(self, request: web.Request) -> web.Response:
        await self._body(request)
        self.users[request.match_info["id"]]["sessions"] = 0
        return web.Response(status=204)

    async def _sessions(self, _: web.Request) -> web.Response:
        return web.json_response({"sessions": self.browsers})

    async def _end_session(self, request: web.Request) -> web.Response:
        await self._body(request)
        self.browsers = [one for one in self.browsers if one["id"] != request.match_info["id"]]
        return web.Response(status=204)

    async def _password(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if body["current"] != PASSWORD:
            return self._refused(401, "wrong_password", "Le mot de passe actuel est incorrect.")
        self.browsers = self.browsers[:1]
        return web.json_response(self.who("csrf-of-this-session"))

    async def _totp(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if body["password"] != PASSWORD:
            return self._refused(401, "wrong_password", "Le mot de passe actuel est incorrect.")
        return web.json_response({"uri": "otpauth://", "secret": "ABCDEFGHIJKLMNOP", "qr": "/api/accounts/totp/qr.svg"})

    async def _qr(self, _: web.Request) -> web.Response:
        return web.Response(text=QR, content_type="image/svg+xml")

    async def _totp_act(self, request: web.Request) -> web.Response:
        body, act = await self._body(request), request.match_info["act"]
        if act == "confirm" and body["code"] != "123456":
            return self._refused(401, "wrong_code", "Ce code n’est pas valable, ou il a déjà servi.")
        self.users[self.me]["totp"] = act != "disable"
        if act == "disable":
            return web.Response(status=204)
        return web.json_response({"recovery_codes": [f"aaaa-bbbb-cccc-{number:04}" for number in range(10)]})

    async def _audit(self, request: web.Request) -> web.Response:
        query = request.query
        before = int(query.get("before", len(self.entries) + 1))
        found = [
            one
            for one in reversed(self.entries)
            if one["number"] < before
            and query.get("actor", one["actor"]) == one["actor"]
            and query.get("subject", one["subject"]) == one["subject"]
            and one["action"].startswith(query.get("action", ""))
        ]
        people = {f"user:{one['id']}": one["name"] for one in self.users.values()}
        return web.json_response({"entries": found[: int(query["limit"])], "people": people})

    async def _verify(self, request: web.Request) -> web.Response:
        await self._body(request)
        return web.json_response(self.verification)

    async def _export(self, request: web.Request) -> web.StreamResponse:
        self.exported.append(request.path_qs)
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": 'attachment; filename="guichet-conversations-2026-11-22.csv"',
            }
        )
        await response.prepare(request)
        for piece in self.csv:
            await response.write(piece)
        if self.hold is not None:
            await self.hold.wait()
        if self.breaks_off and request.transport is not None:
            request.transport.abort()
        else:
            await response.write_eof()
        return response
