"""Who is offered what: the order of the queue, the agent for its first, the place and the wait a visitor is told.

A wait is told only when it is known from what others have waited: each of the last ones taken waited so many seconds
for each place it had, and the median of that times the own place is the answer. Five of them at least; before, None.
A call counts like a chat while its caller waits on the line, and is for agents who take calls, one at a time. A call
that is only listed, to be called back, is not offered and takes nobody's place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bot.dialogue import Channel
from bot.store.desk_records import AgentRecord, AgentStatus
from bot.store.records import HandoverRecord, HandoverState

FEWEST_WAITS = 5
_ROUNDED_TO_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Offer:
    """This request is to be offered to this agent."""

    handover_id: str
    agent: AgentRecord


def in_order(waiting: Iterable[HandoverRecord]) -> list[HandoverRecord]:
    """The order of the queue: handed back by an agent, then priority, then the longest wait."""
    return sorted(
        waiting, key=lambda one: (not one.front, -one.priority, one.waiting_since or one.requested_at, one.id)
    )


def fits(agent: AgentRecord, request: HandoverRecord) -> bool:
    """Whether the agent belongs to the team and has the skills, and takes calls if this is one.

    Without teams an agent belongs to all.
    """
    if request.channel is Channel.PHONE and not agent.takes_calls:
        return False
    in_team = not request.team or not agent.teams or request.team in agent.teams
    return in_team and set(request.skills) <= set(agent.skills)


def loads(live: Iterable[HandoverRecord]) -> dict[str, int]:
    """How much each agent has: offered, active or in wrap-up."""
    counts: dict[str, int] = {}
    for one in live:
        if one.agent_id is not None and not one.state.is_final:
            counts[one.agent_id] = counts.get(one.agent_id, 0) + 1
    return counts


def has_room(agent: AgentRecord, load: dict[str, int]) -> bool:
    """Whether one more conversation is within the agent's capacity."""
    return load.get(agent.id, 0) < agent.capacity


def on_a_call(live: Iterable[HandoverRecord]) -> set[str]:
    """The agents who speak with a caller, or are asked to."""
    spoken_with = (HandoverState.OFFERED, HandoverState.ACTIVE)
    return {one.agent_id for one in live if one.on_line and one.agent_id is not None and one.state in spoken_with}


def why_busy(agent: AgentRecord, others: Sequence[HandoverRecord], request: HandoverRecord, *, needs_room: bool) -> str:
    """Why the agent cannot have this request beside the others, as a code of docs/desk.md; empty when they can."""
    if request.on_line and agent.id in on_a_call(others):
        return "on_a_call"
    return "no_room" if needs_room and not has_room(agent, loads(others)) else ""


def offers(live: Sequence[HandoverRecord], agents: Sequence[AgentRecord]) -> list[Offer]:
    """For each queued request in order, the fitting agent with room who has been free for longest.

    `live` holds everything that is not over, `agents` those who are there. Who has declined a request is not asked
    again; when all have, it waits to be taken.
    """
    load, speaking = loads(live), on_a_call(live)
    found: list[Offer] = []
    for request in in_order(one for one in live if one.state is HandoverState.QUEUED and waits(one)):
        able = [
            agent
            for agent in agents
            if agent.status is AgentStatus.AVAILABLE and fits(agent, request) and has_room(agent, load)
        ]
        unable = {*request.declined, *(speaking if request.on_line else ())}
        candidates = [agent for agent in able if agent.id not in unable]
        if not candidates:
            continue
        chosen = min(candidates, key=lambda agent: (load.get(agent.id, 0), agent.free_since, agent.id))
        load[chosen.id] = load.get(chosen.id, 0) + 1
        if request.on_line:
            speaking.add(chosen.id)
        found.append(Offer(request.id, chosen))
    return found


def staffed(agents: Iterable[AgentRecord], request: HandoverRecord | None = None) -> bool:
    """Whether anybody is available, for this request or at all."""
    return any(agent.status is AgentStatus.AVAILABLE and (request is None or fits(agent, request)) for agent in agents)


def positions(live: Iterable[HandoverRecord]) -> dict[str, int]:
    """The place of each who waits, from 1, by the request's id; who is offered to somebody keeps the place.

    Each is counted among those who wait for the same agents: its team's requests and those of no team.
    """
    places: dict[str, int] = {}
    before: Counter[str] = Counter()  # by team
    for one in in_order(one for one in live if is_waiting(one)):
        places[one.id] = 1 + (before[one.team] + before[""] if one.team else before.total())
        before[one.team] += 1
    return places


def expected_wait_seconds(place: int, taken: Sequence[HandoverRecord]) -> int | None:
    """The wait at this place, rounded up to half minutes; None when too little is known."""
    return wait_at(place, seconds_for_a_place(taken))


def seconds_for_a_place(taken: Sequence[HandoverRecord]) -> float | None:
    """How long others have waited for each place they had; None when too little is known."""
    waits = [wait / (one.place_given or 1) for one in taken if (wait := waited_seconds(one)) is not None]
    return median(waits) if len(waits) >= FEWEST_WAITS else None


def wait_at(place: int, seconds_each: float | None) -> int | None:
    """The wait at this place, when so long is waited for each."""
    if seconds_each is None:
        return None
    return max(1, math.ceil(seconds_each * place / _ROUNDED_TO_SECONDS)) * _ROUNDED_TO_SECONDS


def waited_seconds(one: HandoverRecord) -> float | None:
    """From the request to the first agent; None when there was none."""
    return None if one.taken_at is None else max(0.0, (one.taken_at - one.requested_at).total_seconds())


def waits(request: HandoverRecord) -> bool:
    """Whether somebody is there: in a chat, or on the line."""
    return request.channel is not Channel.PHONE or request.on_line


def is_waiting(request: HandoverRecord) -> bool:
    """Whether somebody is in the queue; who is offered to an agent still is."""
    return waits(request) and request.state in (HandoverState.QUEUED, HandoverState.OFFERED)
