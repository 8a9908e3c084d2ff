"""Everything real is wired here, once: settings → store, dialogue, speech, telephone line, web.

Start-up is in the order of need: the store and the web server first (so that /health answers from
the first second), then Rasa and the speech engines side by side, then the line. A part that cannot
start leaves the others running and tells its reason in /health.
"""

from __future__ import annotations

import asyncio
import errno
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import structlog
from aiohttp import web

from bot.chats import Chats
from bot.dialogue import Channel, Dialogue
from bot.errors import BadSettings, GuichetError, StoreUnavailable
from bot.health import Condition, Health, Part
from bot.hearing import load_lexicon
from bot.knowledge import load_knowledge
from bot.processes import actions_command, actions_ready, rasa_command, rasa_ready
from bot.rasa_client import RasaDialogue
from bot.records import open_call_record
from bot.settings import PROJECT_DIR, Settings
from bot.store import Store, database_url
from bot.supervisor import Child, ChildSpec, State, Supervisor
from bot.web import api, desk, page, socket
from bot.web.errors import errors_and_headers
from bot.web.keys import CALL_PHASE, CHATS, DESK_TOKEN, HEALTH, SETTINGS, STORE, TEXTS
from bot.web.texts import load_web_texts
from voice.call import Patience
from voice.calls import Calls
from voice.line_server import LineServer
from voice.prompts import PhonePrompts, fixed_sentences, load_prompts
from voice.silero import SileroVad
from voice.speech import Speech
from voice.spoken import spoken_sentences

log = structlog.get_logger(__name__)

_MAX_BODY_BYTES = 64 * 1024
_UPKEEP_SECONDS = 3600.0
_CHAT_IDLE = timedelta(days=1)
_LONGEST_CALL = timedelta(hours=2)


class Gateway:
    """The running service. `ready` is set when the dialogue answers and, if it is wanted, the telephone rings."""

    def __init__(self, settings: Settings, *, phone: bool) -> None:
        self.settings = settings
        self.with_phone = phone and settings.phone.enabled
        self.health = Health()
        self.supervisor = Supervisor()
        self.ready = asyncio.Event()
        self.calls: Calls | None = None
        self._rasa: Child | None = None
        self._speech_part = Part(Condition.STARTING, "The engines are loading.")

    @property
    def socket_path(self) -> Path:
        """Where the SIP process connects; short, since Unix socket names are at most 107 bytes."""
        return self.settings.data_path / "run" / "line.sock"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From start to ordered stop."""
        settings = self.settings
        # What an operator must mend is found before anything starts.
        pack = settings.load_pack()
        sentences = pack.prompts()
        texts = load_web_texts(sentences, pack.words["service"])
        prompts = load_prompts(sentences)
        knowledge = load_knowledge(pack)
        async with AsyncExitStack() as stack:
            store = await Store.open(database_url(settings.store.url.get_secret_value(), settings.data_path))
            stack.push_async_callback(store.close)
            self.health.add("store", lambda: _store_part(store), required=True)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            dialogue = RasaDialogue(session, settings)
            chats = Chats(
                dialogue,
                store,
                max_message_chars=settings.web.max_message_chars,
                messages_per_minute=settings.web.messages_per_minute,
                person_requested_text=texts.person_requested,
                person_label=texts.person_label,
                clock=time.monotonic,
            )
            app = self._web_app(store, chats)
            app[TEXTS] = texts
            await self._listen(stack, app)
            stack.push_async_callback(self.supervisor.stop)
            self._start_dialogue(session)
            if self.with_phone:
                await self._start_phone(stack, prompts, dialogue, store)
                answers = knowledge.spoken_texts
                spoken = [*prompts.fixed_texts(), *fixed_sentences(sentences), *answers]
                background = asyncio.create_task(self._load_speech(prompts, spoken))
                stack.callback(background.cancel)
            else:
                self.health.add("phone", _phone_off)
            upkeep = asyncio.create_task(_upkeep(store, settings))
            stack.callback(upkeep.cancel)
            watcher = asyncio.create_task(self._watch_ready())
            stack.callback(watcher.cancel)
            yield

    def _web_app(self, store: Store, chats: Chats) -> web.Application:
        app = web.Application(middlewares=[errors_and_headers], client_max_size=_MAX_BODY_BYTES)
        app[SETTINGS], app[STORE], app[CHATS], app[HEALTH] = self.settings, store, chats, self.health
        app[DESK_TOKEN] = self.settings.desk_token()
        app[CALL_PHASE] = lambda conversation_id: self.calls.phase(conversation_id) if self.calls else "ended"
        for module in (api, socket, desk, page):
            app.add_routes(module.routes)
        page.add_static(app)
        return app

    async def _listen(self, stack: AsyncExitStack, app: web.Application) -> None:
        host, port = self.settings.web.host, self.settings.web.port
        # No access log: it would hold visitors' addresses.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=3.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise BadSettings(
                    f"Port {port} of {host} is taken: another Guichet, or another program. Stop it, or choose another "
                    f"port with web.port in guichet.yml or GUICHET_WEB__PORT."
                ) from None
            raise BadSettings(
                f"Cannot listen on {host}:{port} ({error.strerror}): check web.host and web.port."
            ) from None

    def _start_dialogue(self, session: aiohttp.ClientSession) -> None:
        settings = self.settings

        async def rasa_is_ready() -> bool:
            return await rasa_ready(session, settings)

        async def actions_are_ready() -> bool:
            return await actions_ready(session, settings)

        if not settings.dialogue.supervise:
            self.health.add("actions", lambda: _asked("The action server does not answer.", actions_are_ready))
            self.health.add("dialogue", lambda: _asked("Rasa does not answer.", rasa_is_ready), required=True)
            return
        argv, env = actions_command(settings)
        actions = self.supervisor.add(ChildSpec("actions", argv, actions_are_ready, env))
        argv, env = rasa_command(settings)
        rasa = self._rasa = self.supervisor.add(
            ChildSpec(
                "dialogue", argv, rasa_is_ready, env, start_timeout_seconds=settings.dialogue.start_timeout_seconds
            )
        )
        self.health.add("actions", lambda: _child_part(actions), required=True)
        self.health.add("dialogue", lambda: _child_part(rasa), required=True)

    async def _start_phone(
        self, stack: AsyncExitStack, prompts: PhonePrompts, dialogue: Dialogue, store: Store
    ) -> None:
        settings = self.settings
        self.calls = Calls(
            prompts=prompts,
            patience=_patience(settings),
            dialogue=dialogue,
            activity=SileroVad,
            open_record=lambda line_id: open_call_record(store, line_id),
            max_calls=settings.phone.max_calls,
            transfer_to=settings.phone.transfer_to,
        )
        self.socket_path.parent.mkdir(parents=True, exist_ok=True)
        line = LineServer(self.socket_path, self.calls.take)
        await line.start()
        stack.push_async_callback(line.stop)
        self.health.add("speech", self._speech)
        self.health.add("phone", _phone_waits)

    async def _load_speech(self, prompts: PhonePrompts, texts: list[str]) -> None:
        """Loads the engines, lets the telephone ring, then speaks what can be spoken in advance."""
        settings = self.settings
        try:
            speech = await asyncio.to_thread(_load_engines, settings)
        except GuichetError as error:
            self._speech_part = Part(Condition.DOWN, str(error))
            self.health.add("phone", _phone_without_speech)
            log.error("speech.not_loaded", error=str(error))
            return
        assert self.calls is not None
        self._speech_part = Part(Condition.OK)
        greeting = [sentence for text in prompts.greeting for sentence in spoken_sentences(text)]
        await speech.prerender(greeting)  # the telephone does not ring before it can greet and answer
        self.calls.speech = speech
        if self._rasa is not None:
            await self._rasa.wait_ready()
        line = self._start_line()
        self.health.add("phone", lambda: _child_part(line))
        if settings.speech.prerender:
            await self.ready.wait()  # until then the cores belong to Rasa
            sentences = [sentence for text in texts for sentence in spoken_sentences(text)]
            made = await speech.prerender(sentences)
            log.info("prerender.done", rendered=made, sentences=len(sentences))

    def _start_line(self) -> Child:
        phone = self.settings.phone
        argv = [sys.executable, "-m", "voice.sip", "--socket", str(self.socket_path), "--follow-parent"]
        env = {"PYTHONPATH": str(PROJECT_DIR), "GUICHET_PHONE__PASSWORD": phone.password.get_secret_value()}
        return self.supervisor.add(ChildSpec("phone", argv, env=env, start_timeout_seconds=30.0))

    async def _speech(self) -> Part:
        return self._speech_part

    async def _watch_ready(self) -> None:
        while True:
            parts = await self.health.parts()
            summary = self.health.summary(parts)
            settled = not any(part.condition is Condition.STARTING for part in parts.values())
            if summary in ("ok", "degraded") and settled:
                self.ready.set()
                return
            await asyncio.sleep(0.2)


def _patience(settings: Settings) -> Patience:
    chosen = settings.conversation
    return Patience(
        pause_seconds=chosen.pause_seconds,
        turn_over_seconds=chosen.turn_over_seconds,
        turn_over_complete_seconds=chosen.turn_over_complete_seconds,
        max_utterance_seconds=chosen.max_utterance_seconds,
        silence_seconds=chosen.silence_seconds,
        silences_before_goodbye=chosen.silences_before_goodbye,
        misheard_before_person=chosen.misheard_before_person,
        dialogue_seconds=settings.dialogue.answer_timeout_seconds + 1.0,
    )


def _load_engines(settings: Settings) -> Speech:
    """Loads Whisper and the voice: 3 to 8 s. Runs in a worker thread. Raises `ModelMissing`, `BadKnowledge`."""
    from voice.engines import load_speech

    return load_speech(settings, load_lexicon(settings))


async def _store_part(store: Store) -> Part:
    await store.ping()
    return Part(Condition.OK)


async def _asked(fault: str, is_ready: Callable[[], Awaitable[bool]]) -> Part:
    return Part(Condition.OK) if await is_ready() else Part(Condition.DOWN, fault)


async def _child_part(child: Child) -> Part:
    match child.state:
        case State.READY:
            return Part(Condition.OK)
        case State.STARTING if not child.restarts:
            return Part(Condition.STARTING, child.reason or "Starting.")
        case _:
            return Part(Condition.DOWN, f"Restarting ({child.restarts}). {child.reason}".strip())


async def _phone_off() -> Part:
    return Part(Condition.OFF, "phone.enabled is false, or --no-phone was given.")


async def _phone_waits() -> Part:
    return Part(Condition.STARTING, "Rings as soon as the speech engines and the dialogue are loaded.")


async def _phone_without_speech() -> Part:
    return Part(Condition.DOWN, "The telephone does not ring without speech engines: see speech.")


async def _upkeep(store: Store, settings: Settings) -> None:
    """Ends what was abandoned, erases what is too old; at start and every hour."""
    await _quietly(store.close_abandoned(channel=Channel.PHONE, unused_since=datetime.now(UTC) - _LONGEST_CALL))
    while True:
        now = datetime.now(UTC)
        await _quietly(store.close_abandoned(channel=Channel.WEB, reason="idle", unused_since=now - _CHAT_IDLE))
        await _quietly(store.purge(now - timedelta(days=settings.store.keep_days)))
        await asyncio.sleep(_UPKEEP_SECONDS)


async def _quietly(work: Awaitable[int]) -> None:
    try:
        count = await work
    except StoreUnavailable as error:
        log.error("upkeep.failed", error=str(error))
    else:
        if count:
            log.info("upkeep.done", conversations=count)
