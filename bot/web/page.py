"""The demonstration page and its files."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

STATIC_DIR = Path(__file__).parent / "static"

routes = web.RouteTableDef()


@routes.get("/")
async def index(request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC_DIR / "index.html")


def add_static(app: web.Application) -> None:
    """Serves the style sheet, the script and the icon."""
    app.router.add_static("/static/", STATIC_DIR)
