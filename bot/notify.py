"""The hook through which a link reaches a caller's telephone, and a promised callback the operator's own tools.

Guichet sends no message itself: it hands each notice to the operator's address (an HTTP POST, signed as Standard
Webhooks has it, so that its published libraries verify it) or to the operator's program (JSON on standard input).
Whoever is on the line never waits for it and never hears of its failure: a notice is taken or refused at once, and
delivered in the background, at most four times. The log has ids, never a number, a title or a text.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Literal
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import structlog

from bot.errors import BadSettings
from bot.settings import NotifySettings

RETRY_SECONDS = (1.0, 5.0, 25.0)
WAITING_AT_MOST = 100
AT_ONCE = 4
STOP_SECONDS = 3.0
_RETRIED_STATUSES = frozenset({408, 425, 429})
_BASE64_SECRET = "whsec_"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """What is delivered. `text` and `url` are the title and the address of a link, and empty for a callback."""

    kind: Literal["link", "callback"]
    to: str
    text: str
    url: str
    conversation_id: str


class Undelivered(Exception):
    """One attempt has failed; `is_final` when another would fail too. The text holds nothing of the notice."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


Delivery = Callable[[str, Notice], Awaitable[None]]  # the notice's id, the notice; raises `Undelivered`


class HookNotifier:
    """Takes notices and delivers them in the background; without a `delivery` it is not `enabled` and takes none."""

    def __init__(self, delivery: Delivery | None, *, retry_seconds: Sequence[float] = RETRY_SECONDS) -> None:
        self._delivery = delivery
        self._retry_seconds = retry_seconds
        self._under_way: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    @property
    def enabled(self) -> bool:
        """Whether there is anybody to deliver to."""
        return self._delivery is not None

    async def send_link(self, conversation_id: str, to: str, title: str, url: str) -> bool:
        """True when the link to `url` will be sent to the number `to`; False when it cannot be tried."""
        return self._take(Notice("link", to, title, url, conversation_id))

    async def tell_callback(self, conversation_id: str, to: str) -> bool:
        """True when the operator will be told that this conversation's person was promised a call at `to`."""
        return self._take(Notice("callback", to, "", "", conversation_id))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """At the end, gives what is under way a few seconds, then lets go of it."""
        try:
            yield
        finally:
            if self._under_way:
                _, late = await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)
                if late:
                    log.warning("notice.dropped", reason="stopped", notices=len(late))

    def _take(self, notice: Notice) -> bool:
        if self._delivery is None:
            return False
        if len(self._under_way) >= WAITING_AT_MOST:
            log.warning("notice.dropped", reason="too_many", kind=notice.kind, conversation=notice.conversation_id)
            return False
        task = asyncio.create_task(self._deliver(self._delivery, f"msg_{uuid4().hex}", notice))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return True

    async def _deliver(self, delivery: Delivery, notice_id: str, notice: Notice) -> None:
        about = {"notice": notice_id, "kind": notice.kind, "conversation": notice.conversation_id}
        for attempt, pause_seconds in enumerate((*self._retry_seconds, None), 1):
            try:
                async with self._places:
                    await delivery(notice_id, notice)
            except Undelivered as failure:
                if pause_seconds is None or failure.is_final:
                    log.error("notice.not_delivered", **about, attempts=attempt, reason=str(failure))
                    return
            except Exception as error:  # noqa: BLE001  the supervisor of one notice
                log.error("notice.not_delivered", **about, attempts=attempt, reason=type(error).__name__)
                return
            else:
                log.info("notice.delivered", **about, attempts=attempt)
                return
            await asyncio.sleep(pause_seconds)


def make_notifier(settings: NotifySettings, session: aiohttp.ClientSession) -> HookNotifier:
    """The notifier of the settings. Raises `BadSettings`, like `check_settings`."""
    check_settings(settings)
    if settings.url:
        secret = settings.secret.get_secret_value()
        return HookNotifier(HttpDelivery(session, settings.url, secret, settings.timeout_seconds))
    if settings.command:
        return HookNotifier(CommandDelivery(settings.command, settings.timeout_seconds))
    return HookNotifier(None)


def check_settings(settings: NotifySettings) -> None:
    """Raises `BadSettings`, naming the setting."""
    if settings.url and settings.command:
        raise BadSettings("notify.url and notify.command are both set: leave one of them empty.")
    if settings.url:
        address = urlsplit(settings.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise BadSettings("notify.url is not an address: write https://host/path.")
        _key(settings.secret.get_secret_value())


class HttpDelivery:
    """POSTs notices to one address. Without a secret they are not signed."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str, timeout_seconds: float) -> None:
        self._session = session
        self._url = url
        self._secret = secret
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    async def __call__(self, notice_id: str, notice: Notice) -> None:
        body = _as_json(notice)
        sent_at = str(int(time.time()))
        headers = {"Content-Type": "application/json", "webhook-id": notice_id, "webhook-timestamp": sent_at}
        if self._secret:
            headers["webhook-signature"] = signature(self._secret, notice_id, sent_at, body)
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, OSError) as error:  # a timeout is an OSError too
            raise Undelivered(type(error).__name__) from None
        if not 200 <= status < 300:
            raise Undelivered(f"HTTP {status}", is_final=status < 500 and status not in _RETRIED_STATUSES)


class CommandDelivery:
    """Runs a program for each notice, without a shell; it has it delivered when it ends with 0."""

    def __init__(self, argv: Sequence[str], timeout_seconds: float) -> None:
        self._argv = argv
        self._timeout_seconds = timeout_seconds

    async def __call__(self, notice_id: str, notice: Notice) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GUICHET_")}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,  # nobody knows what it writes: it might be the message
                stderr=asyncio.subprocess.DEVNULL,
                env=environment | {"NOTICE_ID": notice_id},
                start_new_session=True,
            )
        except OSError as error:
            raise Undelivered(f"not started: {error.strerror}") from None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await process.communicate(_as_json(notice) + b"\n")
        except TimeoutError:
            raise Undelivered("no end in time") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # with all that it has started
                await process.wait()
        if process.returncode:
            raise Undelivered(f"exit status {process.returncode}")


def signature(secret: str, notice_id: str, timestamp: str, body: bytes) -> str:
    """The header `webhook-signature` (Standard Webhooks 1.0, "Signature scheme"): HMAC-SHA256 of id.timestamp.body."""
    signed = b".".join((notice_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    if not secret.startswith(_BASE64_SECRET):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_BASE64_SECRET), validate=True)
    except binascii.Error:
        raise BadSettings("notify.secret begins with whsec_ but is not base64 after it.") from None


def _as_json(notice: Notice) -> bytes:
    return json.dumps(asdict(notice), ensure_ascii=False).encode("utf-8", "replace")
