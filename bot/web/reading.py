"""An answer read aloud: `GET /api/conversations/{id}/speech/{seq}` gives a message of the log as a WAV file.

WAV at 8 kHz (16 kB a second) rather than something smaller: it is what the telephone's cache holds, so that nothing is
computed; it can be sent and played while its end is still being made; and a page needs no decoder for it, in any
browser, under any content policy. The file says in itself that the voice is synthetic (`voice/marked_wav.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from bot.errors import Busy, GuichetError, Unavailable
from bot.web.errors import failure
from bot.web.keys import CHATS, SPOKEN_TEXT, TEXTS, VOICE, ReadAloud
from bot.web.tokens import bearer

log = structlog.get_logger(__name__)

routes = web.RouteTableDef()


@routes.get("/api/conversations/{id}/speech/{seq:[0-9]{1,9}}")
async def speech(request: web.Request) -> web.StreamResponse:
    texts, voice = request.app[TEXTS], request.app.get(VOICE)
    if voice is None:
        return failure(404, "not_offered", texts.voice_unavailable)
    room = await request.app[CHATS].enter(request.match_info["id"], bearer(request))
    seq = int(request.match_info["seq"])
    message = next((message for message in room.messages(seq - 1) if message["seq"] == seq), None)
    text = request.app[SPOKEN_TEXT](message) if message is not None else ""
    if not text:
        return failure(404, "not_spoken", texts.voice_unavailable)
    try:
        return await _read(request, voice.read(text))
    except Busy:
        return failure(503, "busy", texts.voice_busy)
    except Unavailable as error:
        log.error("reading.failed", error=str(error))
        return failure(503, "unavailable", texts.voice_unavailable)


async def _read(request: web.Request, reading: ReadAloud) -> web.Response:
    """Once the first sound is there. What fails later cuts the connection: a half answer must not pass for a whole."""
    chunks = reading.chunks()
    first = await anext(chunks)
    headers = {"Content-Type": reading.content_type}
    if reading.is_ready:
        return web.Response(body=first, headers=headers)

    async def whole() -> AsyncIterator[bytes]:
        yield first
        try:
            async for chunk in chunks:
                yield chunk
        except GuichetError as error:
            log.error("reading.cut", error=str(error))
            if request.transport is not None:
                request.transport.abort()

    return web.Response(body=whole(), headers=headers)
