"""The web server of these lines.

    POST /lines/calls                PBX      form caller, called; answers with the UUID of the call to come
    GET  /lines/next?call=           PBX      `end`, `person` or `failed`: what to do with the caller now
    GET  /lines/target?call=         PBX      whom the bot wants to pass the caller to; may be empty
    GET  /lines/asterisk             PBX      chan_websocket
    GET  /lines/media-streams        provider the stream of a call
    POST /lines/media-streams/next   Twilio   the same question as /lines/next, answered in TwiML

The PBX comes from an allowed network with its password (Basic); providers come with Twilio's signature or our
token. Without that password or these secrets, the addresses do not exist. Calls that cannot be taken are refused before
the upgrade (503): Asterisk and Twilio then go on with their own plan, unanswered.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

import structlog
from aiohttp import WSCloseCode, web

from bot.errors import BadSettings, Busy, ProtocolError
from bot.settings import Settings
from voice.leg import CallInfo
from voice.lines import credentials
from voice.lines.calls import LineCalls
from voice.lines.chan_websocket import AsteriskMedia
from voice.lines.json_messages import MAX_TEXT_CHARS
from voice.lines.ledger import Announcement
from voice.lines.media import MediaProtocol, Started
from voice.lines.media_streams import MediaStream
from voice.lines.twiml import after_the_stream
from voice.lines.websocket_call import CLOSE_SECONDS, WebSocketCall

log = structlog.get_logger(__name__)

MAX_FORM_BYTES = 16384
SEND_BUFFER_BYTES = 65536
ASTERISK_SUBPROTOCOL = "media"
JAMBONZ_SUBPROTOCOL = "audio.jambonz.org"
STREAM_PATH = "/lines/media-streams"


class LinesWeb:
    """`start`, then calls are carried until `stop`."""

    def __init__(self, settings: Settings, calls: LineCalls) -> None:
        self._settings = settings.lines
        self._transfer_to = settings.phone.transfer_to
        self._calls = calls
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Raises `BadSettings`, naming the setting."""
        app = web.Application(client_max_size=MAX_FORM_BYTES)
        app.router.add_post("/lines/calls", self.announce)
        app.router.add_get("/lines/next", self.what_next)
        app.router.add_get("/lines/target", self.target)
        app.router.add_get("/lines/asterisk", self.asterisk)
        app.router.add_get(STREAM_PATH, self.media_stream)
        app.router.add_post(f"{STREAM_PATH}/next", self.twiml_next)
        # No access log: it would hold callers' numbers.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_SECONDS)
        await self._runner.setup()
        host, port = self._settings.web_host, self._settings.web_port
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            raise BadSettings(
                f"Cannot listen on {host}:{port} ({error.strerror}): check lines.web_host and lines.web_port "
                f"(GUICHET_LINES__WEB_PORT)."
            ) from None

    async def stop(self) -> None:
        """After `LineCalls.stop`."""
        if self._runner is not None:
            await self._runner.cleanup()

    # ---- the dialplan's questions

    async def announce(self, request: web.Request) -> web.Response:
        """An empty answer means: not now, people must take this call."""
        self._check_pbx(request)
        form = await request.post()
        if not await self._calls.has_place() or not await self._calls.has_gateway():
            return web.Response(status=503)
        announcement = Announcement(
            str(form.get("caller", ""))[:MAX_TEXT_CHARS], str(form.get("called", ""))[:MAX_TEXT_CHARS]
        )
        return web.Response(text=self._calls.ledger.announce(announcement, self._now()))

    async def what_next(self, request: web.Request) -> web.Response:
        self._check_pbx(request)
        return web.Response(text=self._calls.ledger.ending(request.query.get("call", ""), self._now()).next.value)

    async def target(self, request: web.Request) -> web.Response:
        self._check_pbx(request)
        return web.Response(text=self._calls.ledger.ending(request.query.get("call", ""), self._now()).target)

    async def twiml_next(self, request: web.Request) -> web.Response:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        self._check_twilio(request, form, is_stream=False)
        ending = self._calls.ledger.ending(form.get("CallSid", ""), self._now())
        return web.Response(text=after_the_stream(ending, self._transfer_to), content_type="text/xml")

    # ---- calls

    async def asterisk(self, request: web.Request) -> web.StreamResponse:
        self._check_pbx(request)
        if ASTERISK_SUBPROTOCOL not in _subprotocols(request):
            raise web.HTTPBadRequest(text="the sub-protocol must be media")
        return await self._take_call(request, AsteriskMedia(), ASTERISK_SUBPROTOCOL, is_known=True)

    async def media_stream(self, request: web.Request) -> web.StreamResponse:
        """Who shows nothing at the door may still bring the token in the parameters of its `start`."""
        is_known = self._check_provider(request)
        return await self._take_call(request, MediaStream(), JAMBONZ_SUBPROTOCOL, is_known=is_known)

    async def _take_call(
        self, request: web.Request, protocol: MediaProtocol, subprotocol: str, *, is_known: bool
    ) -> web.StreamResponse:
        stream = web.WebSocketResponse(
            protocols=(subprotocol,) if subprotocol in _subprotocols(request) else (),
            max_msg_size=self._settings.max_message_bytes,
            timeout=CLOSE_SECONDS,
            compress=False,
        )
        async with contextlib.AsyncExitStack() as held:
            try:
                await held.enter_async_context(self._calls.place() if is_known else self._calls.door())
            except Busy:
                log.warning("lines.dropped", protocol=request.path, reason="full")
                return web.Response(status=503)
            if not await self._calls.has_gateway():
                return web.Response(status=503)
            await stream.prepare(request)
            far = WebSocketCall(stream, protocol, _prepared(request).abort)
            try:
                started = await self._started(far, is_known=is_known)
                if not is_known:
                    await held.aclose()
                    await held.enter_async_context(self._calls.place())
            except (ProtocolError, TimeoutError, Busy) as error:
                log.warning("lines.dropped", protocol=request.path, reason=str(error) or "no start in time")
                await far.close(WSCloseCode.POLICY_VIOLATION)
                return stream
            await self._calls.carry(far, self._info(started))
        return stream

    async def _started(self, far: WebSocketCall, *, is_known: bool) -> Started:
        async with asyncio.timeout(self._settings.hello_timeout_seconds):
            started = await far.started()
        if not (is_known or credentials.same(started.token, self._settings.media_token.get_secret_value())):
            raise ProtocolError("a stream without a valid token")
        return started

    def _info(self, started: Started) -> CallInfo:
        """Who calls, as announced; what the call itself says otherwise."""
        info = started.info
        announced = self._calls.ledger.take(info.line_id, self._now())
        if announced is None:
            return info
        return CallInfo(
            line_id=info.line_id,
            caller=announced.caller or info.caller,
            called=announced.called or info.called,
            protocol=info.protocol,
        )

    # ---- who may come in

    def _check_pbx(self, request: web.Request) -> None:
        password = self._settings.pbx_password.get_secret_value()
        if not password:
            raise web.HTTPNotFound
        if not self._calls.allows(request.remote):
            raise web.HTTPForbidden
        if not credentials.is_basic(request.headers.get("Authorization", ""), self._settings.pbx_user, password):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="guichet"'})

    def _check_provider(self, request: web.Request) -> bool:
        """Whether the request itself proves who it is; False when only its `start` can. Else refused."""
        token = self._settings.media_token.get_secret_value()
        if "X-Twilio-Signature" in request.headers or not token:
            self._check_twilio(request, {}, is_stream=True)
            return True
        if "Authorization" in request.headers:
            is_known = credentials.is_token(request.headers["Authorization"], token)
        elif "token" in request.query:  # Plivo can send no header
            is_known = credentials.same(request.query["token"], token)
        else:
            return False
        if not is_known:
            log.warning("lines.dropped", protocol=STREAM_PATH, reason="token")
            raise web.HTTPForbidden
        return True

    def _check_twilio(self, request: web.Request, form: dict[str, str], *, is_stream: bool) -> None:
        auth_token = self._settings.twilio_auth_token.get_secret_value()
        if not auth_token:
            raise web.HTTPNotFound
        urls = credentials.signed_urls(
            self._settings.public_url, request.headers.get("Host", ""), request.path_qs, is_stream=is_stream
        )
        if not credentials.is_signed(request.headers.get("X-Twilio-Signature", ""), urls, form, auth_token):
            log.warning("lines.dropped", protocol=STREAM_PATH, reason="signature")
            raise web.HTTPForbidden

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _subprotocols(request: web.Request) -> set[str]:
    return {one.strip() for one in request.headers.get("Sec-WebSocket-Protocol", "").split(",")}


def _prepared(request: web.Request) -> asyncio.Transport:
    """The connection, that keeps little unsent: by default the system would keep a minute of sound for a peer that
    does not read.
    """
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the peer left during the upgrade")
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return transport
