"""The pages of this server: the demonstration at `/`, the conversation alone at `/chat`."""

from __future__ import annotations

from html import escape
from pathlib import Path

from aiohttp import web

from bot.web.keys import SETTINGS, TEXTS
from bot.web.texts import WebTexts

PAGES_DIR = Path(__file__).parent / "pages"

_PAGE_FILES = ("demo.css", "demo.js", "chat.css", "favicon.svg")

routes = web.RouteTableDef()


@routes.get("/")
async def demonstration(request: web.Request) -> web.Response:
    page = demonstration_of(request.app[TEXTS])
    return web.Response(text=page, content_type="text/html", headers=_permissions(request))


@routes.get("/chat")
async def conversation(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGES_DIR / "chat.html", headers=_permissions(request))


@routes.get("/pages/{name}")
async def page_file(request: web.Request) -> web.FileResponse:
    name = request.match_info["name"]
    if name not in _PAGE_FILES:
        raise web.HTTPNotFound
    return web.FileResponse(PAGES_DIR / name)


def demonstration_of(texts: WebTexts) -> str:
    """The demonstration page for the service that is installed: the page itself knows none."""
    page = (PAGES_DIR / "index.html").read_text("utf-8")
    for name, value in {"service": texts.service, "question": next(iter(texts.suggestions), "")}.items():
        page = page.replace(f"{{{{{name}}}}}", escape(value))
    return page


def _permissions(request: web.Request) -> dict[str, str]:
    """The microphone is for these two pages only, where the operator offers it."""
    microphone = "(self)" if request.app[SETTINGS].widget.listen else "()"
    return {"Permissions-Policy": f"camera=(), geolocation=(), microphone={microphone}"}
