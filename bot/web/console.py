"""The agents' console at /console/: a page, one script, one style sheet (web/src/console, built into bot/web/dist).

The page holds nothing of anybody: all it shows comes from /api/desk and /api/accounts, for who is signed in. It is
never shown in a frame, and runs no script but its own.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.web.errors import failure

DIST_DIR = Path(__file__).parent / "dist"
PAGE = Path(__file__).parent / "pages" / "console.html"

_FILES = {"console.js": "text/javascript", "console-style.css": "text/css"}
_HEADERS = {
    # An icon of the page and the QR code of a second factor are images of ours.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    # Agents speak with callers here.
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

routes = web.RouteTableDef()


@routes.get("/console")
async def without_slash(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPMovedPermanently("/console/", headers={"Cache-Control": "no-cache"})


@routes.get("/console/")
async def page(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE, headers=_HEADERS)


@routes.get("/console/{name}")
async def file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name not in _FILES:
        raise web.HTTPNotFound
    if not (DIST_DIR / name).exists():
        return failure(503, "not_built", "the console is not built: npm --prefix web ci && npm --prefix web run build")
    content_type = f"{_FILES[name]}; charset=utf-8"
    return web.FileResponse(DIST_DIR / name, headers=_HEADERS | {"Content-Type": content_type})
