"""Between the rows of the desk and its records."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.store.desk_models import DeskAgent
from bot.store.desk_records import (
    AgentRecord,
    AgentStatus,
    AnnotationRecord,
    CallbackRecord,
    CallbackState,
    DeskMessageRecord,
    Kept,
    MessageState,
    Verdict,
)

_ENUMS: dict[tuple[type, str], Any] = {
    (AnnotationRecord, "verdict"): Verdict,
    (CallbackRecord, "state"): CallbackState,
    (DeskMessageRecord, "state"): MessageState,
}


def values_of(one: Kept) -> dict[str, Any]:
    values = asdict(one)
    for name in ("state", "verdict"):
        if name in values:
            values[name] = values[name].value
    return values


def record_of(kind: Any, row: Any) -> Any:
    """The row as a record: they have the same names."""
    values = {name: getattr(row, name) for name in kind.__dataclass_fields__}
    for name in ("state", "verdict"):
        if (kind, name) in _ENUMS:
            values[name] = _ENUMS[kind, name](values[name])
    return kind(**values)


def agent_record(row: DeskAgent) -> AgentRecord:
    return AgentRecord(
        id=row.id,
        name=row.name,
        role=row.role,
        teams=tuple(row.teams),
        skills=tuple(row.skills),
        status=AgentStatus(row.status),
        capacity=row.capacity,
        seen_at=row.seen_at,
        free_since=row.free_since,
        viewing=row.viewing,
        takes_calls=row.takes_calls,
        phone=row.phone,
    )


def agent_values(agent: AgentRecord) -> dict[str, Any]:
    values = asdict(agent)
    return values | {"teams": list(agent.teams), "skills": list(agent.skills), "status": agent.status.value}
