"""What every console shows, made once for all of them and remade when the desk has changed.

The same goes for the texts that are sent: a state, and what differs between two states, is written as JSON once,
however many consoles are open; only what concerns the agent alone (`me`) is put in for each. And of a long queue only
that is made anew of which anything has changed.

What depends on the clock alone (a callback that has become overdue, an agent who is gone) moves without a change, so
that nothing is shown that is older than `_STALE`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from bot.desk import routing, views
from bot.desk.desk import Desk
from bot.desk.payload import Head, head
from bot.desk.telephone import Line
from bot.dialogue import Channel
from bot.store.desk_records import AgentRecord, CallbackRecord
from bot.store.records import HandoverRecord, HandoverState

Json = dict[str, Any]
Entities = dict[str, Json]
GROUPS = ("handovers", "agents", "callbacks", "messages")

_STALE = timedelta(seconds=2)
_RECENT = timedelta(hours=24)
_HEADS_KEPT = 5000
_CHANGES_KEPT = 20


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Entities by group and id, in the order to show. `people` has, by agent, what only that agent is shown."""

    version: int
    now: datetime
    service: Json
    groups: Mapping[str, Entities]
    people: Entities = field(default_factory=dict)

    def text(self, me: Json, kind: str = "") -> str:
        """`overview` of docs/desk.md as JSON; with `kind` as a frame."""
        return with_members(self._written, me=me, **({"type": kind} if kind else {}))

    @cached_property
    def _written(self) -> str:
        shown: Json = {"version": self.version, "now": views.iso(self.now), "service": self.service}
        return json.dumps(shown | {group: list(self.groups[group].values()) for group in GROUPS})


def changes(before: Snapshot, after: Snapshot) -> Json:
    """Only what differs; empty when nothing does."""
    found: Json = {}
    if before.service != after.service:
        found["service"] = after.service
    for group in GROUPS:
        if (difference := views.difference(before.groups[group], after.groups[group])) is not None:
            found[group] = difference
    return found


def changes_frame(now: Snapshot) -> Json:
    """How a frame of changes begins."""
    return {"type": "changes", "version": now.version, "now": views.iso(now.now)}


def with_members(text: str, **members: object) -> str:
    """The JSON object with these members at its end."""
    return f"{text[:-1]}, {json.dumps(members)[1:]}"


class _Shown(NamedTuple):
    """What the JSON of a request is made of."""

    request: HandoverRecord
    head: Head
    place: int | None
    wait_seconds: int | None
    phase: str | None
    line: Line | None


class Overview:
    """`phase` tells the phase of a call by its conversation, `can_dial` whether a line can place calls."""

    def __init__(
        self,
        desk: Desk,
        *,
        phase: Callable[[str], str] = lambda conversation_id: "ended",
        can_dial: Callable[[], bool] = lambda: False,
    ) -> None:
        self._desk = desk
        self._phase = phase
        self._can_dial = can_dial
        self._heads: dict[str, Head] = {}
        self._shown: dict[str, tuple[_Shown, Json]] = {}
        self._latest: Snapshot | None = None
        self._latest_lines = 0
        self._making = asyncio.Lock()
        self._changes: dict[tuple[Snapshot, Snapshot], str] = {}

    async def snapshot(self) -> Snapshot:
        """The present state; of many who ask at once, one makes it."""
        version = await self._desk.store.desk_version()
        if (latest := self._as_of(version)) is not None:
            return latest
        async with self._making:
            if (latest := self._as_of(version)) is None:
                # Counted before it is read: what changes meanwhile is seen to have changed.
                version = await self._desk.store.desk_version()
                lines = self._lines()
                latest = self._latest = await self._make(version, self._desk.clock())
                self._latest_lines = lines
            return latest

    def changes(self, before: Snapshot, after: Snapshot) -> str:
        """What differs, as a frame; empty when nothing does."""
        key = (before, after)
        if (text := self._changes.get(key)) is None:
            if len(self._changes) >= _CHANGES_KEPT:
                self._changes.clear()
            found = changes(before, after)
            text = self._changes[key] = json.dumps(changes_frame(after) | found) if found else ""
        return text

    async def handovers(self, records: Sequence[HandoverRecord]) -> list[Json]:
        """Requests as they are shown outside the overview."""
        places = routing.positions(await self._desk.live())
        return await self._handovers(records, places, routing.seconds_for_a_place(await self._desk.lately_taken()))

    async def handover(self, record: HandoverRecord) -> Json:
        return (await self.handovers([record]))[0]

    async def agent(self, record: AgentRecord) -> Json:
        """Me: with what concerns nobody else."""
        return _me(record, routing.loads(await self._desk.live()))

    async def callbacks(self, records: Sequence[CallbackRecord]) -> list[Json]:
        """Promises, each with the request that it was made for."""
        now = self._desk.clock()
        requests = await self._desk.store.handovers_by_id([one.handover_id for one in records if one.handover_id])
        return [views.callback_json(one, now, requests.get(one.handover_id or "")) for one in records]

    async def _make(self, version: int, now: datetime) -> Snapshot:
        store = self._desk.store
        live = routing.in_order(await self._desk.live())
        agents = await self._desk.present()
        load = routing.loads(live)
        seconds_each = routing.seconds_for_a_place(await self._desk.lately_taken())
        self._forget_all_but({one.id for one in live})
        recent = now - _RECENT
        callbacks = await store.callbacks(current_since=recent)
        messages = await store.desk_messages(current_since=recent)
        waiting = [one for one in live if routing.is_waiting(one)]
        groups = {
            "handovers": await self._handovers(live, routing.positions(live), seconds_each),
            "agents": [views.agent_json(one, load.get(one.id, 0)) for one in agents],
            "callbacks": await self.callbacks(callbacks),
            "messages": [views.message_json(one) for one in messages],
        }
        return Snapshot(
            version,
            now,
            self._service(now, agents, waiting),
            {group: views.by_id(entities) for group, entities in groups.items()},
            {one.id: _me(one, load) for one in agents},
        )

    def _as_of(self, version: int) -> Snapshot | None:
        """The latest that was made, if it still shows how things are."""
        latest = self._latest
        if latest is None or latest.version < version or self._latest_lines != self._lines():
            return None
        return None if self._desk.clock() - latest.now > _STALE else latest

    def _lines(self) -> int:
        return self._desk.telephone.changes if self._desk.telephone else 0

    def _service(self, now: datetime, agents: Sequence[AgentRecord], waiting: Sequence[HandoverRecord]) -> Json:
        desk = self._desk
        is_open = desk.hours.is_open(now)
        takes_calls = desk.policy.calls and desk.telephone is not None
        since = [one.waiting_since or one.requested_at for one in waiting]
        return {
            "open": is_open,
            "next_opening": None if is_open else views.iso(desk.hours.next_opening(now)),
            "hours": list(desk.hours.lines("fr", now=now)),
            "staffed": routing.staffed(agents),
            "mode": "automatic" if desk.policy.automatic else "manual",
            "waiting": len(waiting),
            "waiting_since": views.iso(min(since, default=None)),
            "teams": desk.teams(agents),
            "time_zone": desk.hours.zone.key,
            "can_dial": self._can_dial(),
            "calls": {"enabled": takes_calls, "ways": list(desk.policy.call_ways) if takes_calls else []},
        }

    async def _handovers(
        self, records: Sequence[HandoverRecord], places: Mapping[str, int], seconds_each: float | None
    ) -> list[Json]:
        if len(self._heads) > _HEADS_KEPT:
            self._forget_all_but(set())
        heads = await self._heads_of(records)
        return [self._handover(one, heads[one.id], places.get(one.id), seconds_each) for one in records]

    def _handover(self, one: HandoverRecord, head: Head, place: int | None, seconds_each: float | None) -> Json:
        """Made anew when anything that it is made of has changed."""
        wait = routing.wait_at(place, seconds_each) if place else None
        phase = self._phase(one.conversation_id) if one.channel is Channel.PHONE else None
        of = _Shown(one, head, place, wait, phase, self._line(one))
        known = self._shown.get(one.id)
        if known is not None and known[0] == of:
            return known[1]
        made = views.handover_json(one, of.head, place=place, wait_seconds=wait, phase=phase, line=of.line)
        self._shown[one.id] = (of, made)
        return made

    def _line(self, one: HandoverRecord) -> Line | None:
        telephone = self._desk.telephone
        is_spoken_with = one.on_line and one.state is HandoverState.ACTIVE
        return telephone.line(one.conversation_id) if telephone is not None and is_spoken_with else None

    async def _heads_of(self, records: Sequence[HandoverRecord]) -> dict[str, Head]:
        """The turns before a request never change: its head is read once."""
        heads = {one.id: self._heads[one.id] for one in records if one.id in self._heads}
        missing = [one for one in records if one.id not in heads]
        if missing:
            turns = await self._desk.store.turns_of([one.conversation_id for one in missing])
            read = {one.id: head(turns[one.conversation_id], one, self._desk.knowledge) for one in missing}
            self._heads |= read
            heads |= read
        return heads

    def _forget_all_but(self, live: Set[str]) -> None:
        """What is over is made anew where it is looked at; what is erased is then nowhere."""
        self._heads = {key: one for key, one in self._heads.items() if key in live}
        self._shown = {key: one for key, one in self._shown.items() if key in live}


def _me(record: AgentRecord, load: dict[str, int]) -> Json:
    """An agent with what concerns nobody else."""
    return views.agent_json(record, load.get(record.id, 0)) | {"phone": record.phone}
