"""Agents at the desk, as the store keeps them: who was seen, and what each has set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.connection import Connected
from bot.store.desk_models import COUNTER_ID, DeskAgent, DeskCounter
from bot.store.desk_records import AgentRecord
from bot.store.desk_rows import agent_record, agent_values
from bot.store.handovers import NO_REQUEST, count_change

_SIGNS_WITHIN_LOST = 9
_SAID_BY_ACCOUNT = ("name", "role", "teams", "skills")


class AgentsKept(Connected):
    """The part of `Store` that knows the agents."""

    async def agent_seen(
        self, agent: AgentRecord, *, lost_after: timedelta, there_since: datetime | None = None
    ) -> AgentRecord:
        """A sign of life. Who had none for `lost_after` comes as in `agent`; who is there keeps status and capacity.

        `there_since`: who had one since then is there, however long ago that is.

        Whether calls are taken, and at which telephone, an agent says once. Written is only what says something new:
        a sign that follows another within a ninth of `lost_after` does not.
        """
        async with self._reading() as session:
            row = await session.get(DeskAgent, agent.id)
        if row is not None:
            known = agent_record(row)
            is_fresh = known.seen_at > self._now() - lost_after / _SIGNS_WITHIN_LOST
            if is_fresh and all(getattr(known, name) == getattr(agent, name) for name in _SAID_BY_ACCOUNT):
                return known
        async with self._writing() as session:
            row = await session.get(DeskAgent, agent.id, with_for_update=True)
            if row is None:
                await session.execute(self._insert_or_ignore(DeskAgent, agent_values(agent)))
                await count_change(session, NO_REQUEST)
                return agent
            known = agent_record(row)
            was_there = known.seen_at > (there_since or self._now() - lost_after)
            same = replace(
                agent,
                status=known.status if was_there else agent.status,
                capacity=known.capacity if was_there else agent.capacity,
                viewing=known.viewing if was_there else None,
                free_since=known.free_since if was_there else agent.free_since,
                takes_calls=known.takes_calls,
                phone=known.phone,
            )
            for name, value in agent_values(same).items():
                setattr(row, name, value)
            if not was_there or replace(known, seen_at=same.seen_at) != same:
                await session.flush()
                await count_change(session, NO_REQUEST)
            return same

    async def set_agent(self, agent_id: str, changes: Mapping[str, Any]) -> AgentRecord | None:
        """Changes what the agent has set, or what is viewed; None when this agent was never seen."""
        async with self._writing() as session:
            row = await session.get(DeskAgent, agent_id, with_for_update=True)
            if row is None:
                return None
            before = agent_record(row)
            for name, value in changes.items():
                setattr(row, name, value)
            if agent_record(row) != before:
                await session.flush()
                await count_change(session, NO_REQUEST)
            return agent_record(row)

    async def agent_speaks(self, agent_id: str) -> None:
        """A sign of life on the telephone: like `agent_seen` of who is there, which is no change to tell anybody."""
        async with self._writing() as session:
            await session.execute(update(DeskAgent).where(DeskAgent.id == agent_id).values(seen_at=self._now()))

    async def agents_seen(self, since: datetime | None = None) -> list[AgentRecord]:
        """Who was seen since, or ever, by name."""
        query = select(DeskAgent).order_by(DeskAgent.name, DeskAgent.id)
        if since is not None:
            query = query.where(DeskAgent.seen_at > since)
        async with self._reading() as session:
            return [agent_record(row) for row in (await session.scalars(query)).all()]

    async def watched(self, at: datetime) -> None:
        """A gateway has looked who is there, and knows."""
        async with self._writing() as session:
            await session.execute(update(DeskCounter).where(DeskCounter.id == COUNTER_ID).values(watched_at=at))

    async def last_watched(self) -> datetime | None:
        """When a gateway did so last, whichever it was; None: never."""
        async with self._reading() as session:
            return await session.scalar(select(DeskCounter.watched_at).where(DeskCounter.id == COUNTER_ID))

    def _insert_or_ignore(self, table: Any, values: Mapping[str, Any]) -> Any:
        dialect: Any = sqlite if self._is_sqlite else postgresql
        return dialect.insert(table).values(values).on_conflict_do_nothing()
