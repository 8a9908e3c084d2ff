"""A desk on a real SQLite file, with a clock that the test moves and visitors who write down what they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.accounts.roles import PERMISSIONS, Permission, Role
from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.desk.policy import Policy
from bot.desk.sweeping import Sweep
from bot.desk.texts import DeskTexts
from bot.desk.visitor import HandoverView
from bot.dialogue import Answer, Channel, Ranked
from bot.knowledge import Kind, Knowledge, Subject
from bot.opening_hours import Hours
from bot.store import HandoverReason, HandoverRecord, Store, TurnRecord
from bot.store.desk_records import AgentStatus
from tests.databases import prepared_url
from voice import call_messages as m


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_seconds(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Someone:
    """An agent, as the console would bring one."""

    id: str
    name: str
    role: str = "agent"
    teams: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[Role(self.role)]


@dataclass
class Visitors:
    """Every visitor's window."""

    told: list[tuple[str, HandoverView]] = field(default_factory=list)
    moved: list[tuple[str, int | None, int | None]] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)

    async def handover_changed(self, conversation_id: str, view: HandoverView) -> None:
        self.told.append((conversation_id, view))

    async def queue_moved(self, conversation_id: str, position: int | None, wait_seconds: int | None) -> None:
        self.moved.append((conversation_id, position, wait_seconds))

    async def agent_said(self, conversation_id: str, client_id: str, name: str, text: str) -> int:
        self.said.setdefault(client_id, f"{name}: {text}")
        return list(self.said).index(client_id) + 1

    async def agent_typing(self, conversation_id: str, on: bool) -> None: ...

    async def messages(self, conversation_id: str, after: int = 0) -> list[dict[str, Any]]:
        return self.log

    def watch(self, conversation_id: str, listener: Callable[[dict[str, Any]], Awaitable[None]]) -> Callable[[], None]:
        return lambda: None

    @property
    def states(self) -> list[str]:
        return [view.state.value for _, view in self.told]


ANNE, BRUNO = Someone("anne", "Anne"), Someone("bruno", "Bruno")
CHIEF = Someone("chief", "Chef", "supervisor")


def subject(intent: str, title: str, web: str, theme: str = "Adhésion") -> Subject:
    return Subject(
        intent,
        theme,
        title,
        Kind.ANSWER,
        web,
        web,
        ("?",),
        "x.yml",
        source_title="Service-public.fr",
        source_url="https://www.service-public.fr/x",
        verified_on="2026-01-02",
    )


KNOWLEDGE = Knowledge(
    [
        subject("adherer", "Adhérer au service", "Remplissez le **formulaire** [en ligne](https://x.fr/a)."),
        subject("bulletin", "Le bulletin de paie", "- le bulletin est *édité* par nos soins", "Paie"),
    ]
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return prepared_url(tmp_path)


@pytest.fixture
async def store(url: str, clock: Clock) -> AsyncIterator[Store]:
    store = await Store.open(url, now=clock)
    yield store
    await store.close()


@pytest.fixture
def visitors() -> Visitors:
    return Visitors()


@pytest.fixture
def policy() -> Policy:
    return Policy(team_by_theme={"Paie": "paie"})


def make_desk(store: Store, visitors: Visitors, policy: Policy, clock: Clock) -> Desk:
    texts = DeskTexts(visitor={"lost": "Liaison interrompue.", "handed_on": "Confiée.", "returned": "{agent} a fini."})
    desk = Desk(store, Hours(), KNOWLEDGE, texts, policy, now=clock)
    desk.serve(visitors)
    return desk


@pytest.fixture
def desk(store: Store, visitors: Visitors, policy: Policy, clock: Clock) -> Desk:
    return make_desk(store, visitors, policy, clock)


@pytest.fixture
def sweep(desk: Desk) -> Sweep:
    return Sweep(desk)


@dataclass
class OnThePhone:
    """A call that writes down what it is told."""

    conversation_id: str
    told: list[m.Event] = field(default_factory=list)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What the desk said: state, and why."""
        return [(one.state.value, one.reason) for one in self.told if isinstance(one, m.DeskSaid)]

    @property
    def places(self) -> list[int | None]:
        return [one.place for one in self.told if isinstance(one, m.DeskSaid)]


@dataclass
class Leg:
    """An agent's end of a call."""

    reason: str = ""
    ended: bool = False

    async def sounds(self) -> AsyncIterator[bytes]:
        yield b""

    async def play(self, pcm: bytes) -> None: ...

    async def hangup(self) -> None:
        self.ended = True


async def calls_in(callers: Callers, *, asks_for_person: bool = True) -> OnThePhone:
    """Somebody calls, and wants a person."""
    store, clock = callers.desk.store, callers.desk.clock
    if isinstance(clock, Clock):
        clock.pass_seconds(1)
    conversation_id = await store.start_conversation(Channel.PHONE)
    await store.add_turn(conversation_id, TurnRecord(heard="Comment adhérer ?", intent="adherer", outcome="answered"))
    phone = OnThePhone(conversation_id)
    callers.enter(conversation_id, phone.told.append)
    if asks_for_person:
        await callers.request(conversation_id, "asked")
    return phone


async def present(desk: Desk, *agents: Someone) -> None:
    for agent in agents:
        await desk.seen(agent, status=AgentStatus.AVAILABLE)


async def chat(store: Store, words: str = "Comment adhérer ?", intent: str = "adherer") -> str:
    """A chat with one question answered, a second after the one before."""
    if isinstance(store._now, Clock):
        store._now.pass_seconds(1)
    conversation_id = await store.start_conversation(Channel.WEB)
    answer = Answer(
        intent, "Remplissez le formulaire.", "Adhérer au service", "Service-public.fr", "https://x.fr", "2026-01-02"
    )
    turn = TurnRecord(
        heard=words,
        intent=intent,
        confidence=0.9,
        outcome="answered",
        answers=(answer,),
        ranking=(Ranked(intent, 0.9),),
    )
    await store.add_turn(conversation_id, turn)
    return conversation_id


async def asks(desk: Desk, conversation_id: str) -> HandoverRecord:
    """The visitor asks for a person; the request as it then stands, a second later."""
    await desk.request(conversation_id, Channel.WEB, HandoverReason.ASKED, "« Comment adhérer ? »")
    if isinstance(desk.clock, Clock):
        desk.clock.pass_seconds(1)
    return await latest(desk, conversation_id)


async def latest(desk: Desk, conversation_id: str) -> HandoverRecord:
    found = await desk.store.handover(conversation_id)
    assert found is not None
    return found
