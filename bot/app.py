"""Everything real is wired here, once: settings → store, dialogue, speech, telephone line, web.

Start-up is in the order of need: the store and the web server first (so that /health answers from
the first second), then Rasa and the speech engines side by side, then the line. A part that cannot
start leaves the others running and tells its reason in /health.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from bot.agent_briefing import load_briefing_texts
from bot.agent_calls import AgentCalls, agent_calls
from bot.chats import Chats
from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.desk.policy import Policy
from bot.desk.texts import load_desk_texts
from bot.dialogue import Channel
from bot.errors import BadSettings, GuichetError, StoreUnavailable
from bot.health import Condition, Health, Part
from bot.health_parts import asked, child_part, phone_off, phone_waits, phone_without_speech, store_part
from bot.hearing import load_lexicon
from bot.knowledge import load_knowledge
from bot.metrics import MeasuredDialogue, Metrics
from bot.notify import make_notifier
from bot.opening_file import HoursFile, hours_path
from bot.processes import actions_command, actions_ready, rasa_command, rasa_ready
from bot.rasa_client import RasaDialogue
from bot.records import CallRecord, open_call_record
from bot.registration import Registration
from bot.settings import Settings
from bot.spoken_ahead import spoken_ever, spoken_first
from bot.store import Store, database_url
from bot.supervisor import Child, ChildSpec, Supervisor
from bot.tasks import end
from bot.telephone import PromisedCalls, line_process, patience, to_people
from bot.watchdog import Watchdog
from bot.web import api, assets, console, desk, page, socket
from bot.web.errors import errors_and_headers
from bot.web.keys import (
    AGENT_CALLS,
    CALL_PHASE,
    CALLBACKS,
    CHATS,
    DESK_TOKEN,
    HEALTH,
    LOOP_LATE,
    SETTINGS,
    STORE,
    TEXTS,
)
from bot.web.metrics import add_metrics
from bot.web.origins import visitors_pages_only
from bot.web.texts import load_web_texts
from bot.web.with_accounts import add_accounts, watching
from bot.widget_voice import add_voice
from voice.calls import Calls, Limits
from voice.framing import DialFailed
from voice.line_server import LineServer
from voice.prompts import PhonePrompts, load_prompts
from voice.silero import SileroVad
from voice.speech import Speech
from voice.visitors import Visitors

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
        self.callers: Callers | None = None
        self.agents: AgentCalls | None = None
        self.visitors: Visitors | None = None
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
        hours = HoursFile(hours_path(settings.hours.file, pack), lambda text: log.error("hours.mistake", error=text))
        desk_texts = load_desk_texts(pack, sentences)
        async with AsyncExitStack() as stack:
            store = await Store.open(database_url(settings.store.url.get_secret_value(), settings.data_path))
            stack.push_async_callback(store.close)
            self.health.add("store", lambda: store_part(store), required=True)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            metrics = Metrics()
            store.on_request = metrics.person_requested
            watchdog = Watchdog(metrics.loop_was_late)
            await stack.enter_async_context(watchdog.running())
            dialogue = MeasuredDialogue(RasaDialogue(session, settings), metrics, time.monotonic)
            promised = PromisedCalls(settings)
            handovers = Desk(store, hours, knowledge, desk_texts, self._policy())
            chats = Chats(
                dialogue,
                store,
                max_message_chars=settings.web.max_message_chars,
                messages_per_minute=settings.web.messages_per_minute,
                person_requested_text=texts.person_requested,
                person_label=texts.person_label,
                handover_texts=texts.handover,
                desk=handovers,
                windows_per_conversation=settings.web.windows_per_conversation,
                clock=time.monotonic,
            )
            chats.on_feedback = metrics.feedback_given
            app = self._web_app(store, chats, handovers)
            app[TEXTS] = texts
            app[LOOP_LATE] = lambda: watchdog.worst_seconds
            await self._place_calls(stack, app, promised, handovers, sentences)
            self.visitors = add_voice(app, settings, knowledge)
            if settings.metrics.enabled:
                add_metrics(app, metrics, settings.metrics_token())
            accounts = add_accounts(app, store, settings, session)
            await stack.enter_async_context(watching(accounts))
            await self._listen(stack, app)
            stack.push_async_callback(self.supervisor.stop)
            self._start_dialogue(session)
            if self.with_phone:
                notifier = make_notifier(settings.notify, session)
                await stack.enter_async_context(notifier.running())
                self.calls = Calls(
                    prompts=prompts,
                    patience=patience(settings),
                    dialogue=dialogue,
                    activity=SileroVad,
                    open_record=lambda line_id: open_call_record(store, line_id, notifier),
                    limits=Limits(settings.phone.max_calls, settings.phone.polite_refusals),
                    people=to_people(settings, notifier, hours),
                    observer=metrics,
                    on_answered=promised.answered,
                    desk=self.callers,
                )
                await self._join_lines(stack, self.calls, promised, lambda known: CallRecord(store, known, notifier))
            else:
                self.health.add("phone", phone_off)
            if self.with_phone or self.visitors is not None:
                self.health.add("speech", self._speech)
                spoken = spoken_ever(sentences, knowledge)
                background = asyncio.create_task(self._load_speech(prompts, spoken, pack.pronunciation, metrics))
                stack.push_async_callback(end, background)
            for work in (_upkeep(store, settings), self._watch_ready()):
                stack.push_async_callback(end, asyncio.create_task(work))
            yield

    def _policy(self) -> Policy:
        return Policy.from_settings(self.settings.desk, self.settings.phone if self.with_phone else None)

    def _web_app(self, store: Store, chats: Chats, handovers: Desk) -> web.Application:
        app = web.Application(middlewares=[errors_and_headers, visitors_pages_only], client_max_size=_MAX_BODY_BYTES)
        app[SETTINGS], app[STORE], app[CHATS], app[HEALTH] = self.settings, store, chats, self.health
        app[DESK_TOKEN] = self.settings.desk_token()
        api.add_visitors_rules(app, self.settings)
        app[CALL_PHASE] = lambda conversation_id: self.calls.phase(conversation_id) if self.calls else "ended"
        for module in (api, socket, desk, page, assets, console):
            app.add_routes(module.routes)
        handovers.serve(chats)
        self.callers = Callers(handovers) if handovers.policy.calls else None
        desk.add_desk(app, handovers, self.callers)
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
            self.health.add("actions", lambda: asked("The action server does not answer.", actions_are_ready))
            self.health.add("dialogue", lambda: asked("Rasa does not answer.", rasa_is_ready), required=True)
            return
        argv, env = actions_command(settings)
        actions = self.supervisor.add(ChildSpec("actions", argv, actions_are_ready, env))
        argv, env = rasa_command(settings)
        rasa = self._rasa = self.supervisor.add(
            ChildSpec(
                "dialogue", argv, rasa_is_ready, env, start_timeout_seconds=settings.dialogue.start_timeout_seconds
            )
        )
        self.health.add("actions", lambda: child_part(actions), required=True)
        self.health.add("dialogue", lambda: child_part(rasa), required=True)

    async def _place_calls(
        self,
        stack: AsyncExitStack,
        app: web.Application,
        promised: PromisedCalls,
        handovers: Desk,
        sentences: Mapping[str, Any],
    ) -> None:
        """Calls that agents ask for: callbacks, and their own end of a caller's call where callers wait for them."""
        if self.with_phone:
            app[CALLBACKS] = promised
        if self.callers is None:
            return
        texts = load_briefing_texts(sentences)
        self.agents = app[AGENT_CALLS] = await agent_calls(self.settings, self.callers, handovers, texts)
        stack.push_async_callback(self.agents.close)

    async def _join_lines(
        self, stack: AsyncExitStack, calls: Calls, promised: PromisedCalls, record_of: Callable[[str], CallRecord]
    ) -> None:
        def not_answered(failed: DialFailed) -> None:
            promised.failed(failed)
            if self.agents is not None:
                self.agents.dial_failed(failed)

        self.socket_path.parent.mkdir(parents=True, exist_ok=True)
        line = LineServer(self.socket_path, calls.take, not_answered)
        promised.serve(calls, line)
        if self.agents is not None:
            self.agents.serve(calls, line)
            self.agents.call_back(calls, promised, record_of, self.settings.phone.ring_seconds)
        await line.start()
        stack.push_async_callback(line.stop)
        self.health.add("phone", phone_waits)

    async def _load_speech(
        self, prompts: PhonePrompts, texts: list[str], pronunciation: Mapping[str, str], metrics: Metrics
    ) -> None:
        """Loads the engines, lets the telephone ring, then speaks what can be spoken in advance."""
        settings = self.settings
        try:
            speech = await asyncio.to_thread(_load_engines, settings, pronunciation)
        except GuichetError as error:
            self._speech_part = Part(Condition.DOWN, str(error))
            if self.with_phone:
                self.health.add("phone", phone_without_speech)
            log.error("speech.not_loaded", error=str(error))
            return
        self._speech_part = Part(Condition.OK)
        metrics.speech = speech
        if self.visitors is not None:
            self.visitors.speech = speech
        if self.calls is not None:
            await self._open_lines(self.calls, speech, prompts, metrics)
        if settings.speech.prerender and (self.calls is not None or settings.widget.speak):
            await self.ready.wait()  # until then the cores belong to Rasa
            made = await speech.prerender(texts)
            log.info("prerender.done", rendered=made, texts=len(texts))

    async def _open_lines(self, calls: Calls, speech: Speech, prompts: PhonePrompts, metrics: Metrics) -> None:
        await speech.prepare(spoken_first(prompts))
        calls.speech = speech
        if self._rasa is not None:
            await self._rasa.wait_ready()
        self._start_lines(metrics)

    def _start_lines(self, metrics: Metrics) -> None:
        """The processes that hold the telephone lines."""
        settings = self.settings
        registration = Registration(metrics)
        line = self.supervisor.add(line_process(settings, "voice.sip", self.socket_path, registration.told))
        self.health.add("phone", lambda: registration.part(line))
        if settings.lines.audiosocket_enabled or settings.lines.web_enabled:
            others = self.supervisor.add(line_process(settings, "voice.lines", self.socket_path))
            self.health.add("lines", lambda: child_part(others))

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


def _load_engines(settings: Settings, pronunciation: Mapping[str, str]) -> Speech:
    """Loads Whisper and the voice: 3 to 8 s. Runs in a worker thread. Raises `ModelMissing`, `BadKnowledge`."""
    from voice.engines import load_speech

    return load_speech(settings, load_lexicon(settings), pronunciation)


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
