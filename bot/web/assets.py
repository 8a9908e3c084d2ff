"""The built front end (`bot/web/dist`, made by web/scripts/build.mjs): the widget's script and what it fetches later.

Other sites load `/widget.js`, or one version of it by its hash, which never changes and can carry an integrity
attribute. These files alone may be read from anywhere: a script is public; what it asks for is not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.web.errors import failure

DIST_DIR = Path(__file__).parent / "dist"

# What a page names, the microphone's worklet, and what the widget itself fetches at the address with its hash.
_FILES = ("widget.js", "rasa-webchat.js", "listen.js", "window.js", "more.js", "en.js", "voice.js")
_NOT_BUILT = "the widget is not built: scripts/setup run, or npm --prefix web ci && npm --prefix web run build"
_HEADERS = {
    "Access-Control-Allow-Origin": "*",  # what an integrity attribute with crossorigin needs
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Type": "text/javascript; charset=utf-8",
    "Vary": "Accept-Encoding",
}
_FOR_A_WHILE = {"Cache-Control": "public, max-age=300, must-revalidate"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}

routes = web.RouteTableDef()


@routes.get("/{name:(?:widget|rasa-webchat|listen|more|en|voice)\\.js}")
async def latest(request: web.Request) -> web.StreamResponse:
    return _file(request.match_info["name"], _FOR_A_WHILE)


@routes.get("/widget/manifest.json")
async def manifest(_request: web.Request) -> web.Response:
    """The version, and each file's hash and integrity, for whoever pins one."""
    return web.json_response(read_manifest(), headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"})


@routes.get("/widget/{hash:[0-9a-f]+}/{name}")
async def pinned(request: web.Request) -> web.StreamResponse:
    """404 for a hash that is not the present one: a page that pins another must be told, not served something else."""
    name = request.match_info["name"]
    if read_manifest()["files"].get(name, {}).get("hash") != request.match_info["hash"]:
        raise web.HTTPNotFound
    return _file(name, _FOR_EVER)


def read_manifest() -> dict[str, Any]:
    """`version` and `files{name: {hash, integrity}}`; no files where nothing is built."""
    try:
        content: dict[str, Any] = json.loads((DIST_DIR / "manifest.json").read_text())
    except OSError:
        return {"version": "", "files": {}}
    return content


def _file(name: str, caching: dict[str, str]) -> web.StreamResponse:
    path = DIST_DIR / name
    if name not in _FILES or not path.exists():
        return failure(503, "not_built", _NOT_BUILT)
    # aiohttp adds the ETag, answers 304, and takes the .br or .gz beside the file for whoever accepts it.
    return web.FileResponse(path, headers=_HEADERS | caching)
