"""Somebody else's website with the widget: another origin, and the strictest policy that the documentation promises."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

PAGE = """<!doctype html>
<html lang="fr">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Site d'accueil</title>{head}</head>
<body><main><h1>Site d'accueil</h1><p>Une page qui n'est pas la nôtre, avec <a href="#ici" id="ici">un lien</a>.</p>
{body}</main>
{end}</body>
</html>"""


@dataclass
class HostSite:
    """`pages` maps a path to its HTML. The policy names the gateway and nothing else."""

    gateway: str
    pages: dict[str, str] = field(default_factory=dict)
    violations: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    policy: str = ""
    url: str = ""
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        sockets = self.gateway.replace("http", "ws", 1)
        self.policy = f"default-src 'none'; script-src {self.gateway}; connect-src {self.gateway} {sockets}"
        app = web.Application()
        app.router.add_post("/csp-report", self._report)
        app.router.add_get("/{name:.*}", self._page)
        self.runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/"

    @property
    def origin(self) -> str:
        return self.url.rstrip("/")

    def put(self, *, head: str = "", body: str = "", end: str = "", path: str = "") -> str:
        """The address of a page with these parts."""
        self.pages[path] = PAGE.format(head=head, body=body, end=end)
        return self.url + path

    async def stop(self) -> None:
        if self.runner:
            await self.runner.cleanup()

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.requests.append(name)
        if name not in self.pages:
            raise web.HTTPNotFound
        headers = {"Content-Security-Policy": f"{self.policy}; report-uri /csp-report"}
        return web.Response(text=self.pages[name], content_type="text/html", headers=headers)

    async def _report(self, request: web.Request) -> web.Response:
        self.violations.append(json.loads(await request.read())["csp-report"])
        return web.Response(status=204)
