"""the desk: how a request stands in detail, agents, events, notes, annotations, callbacks, messages"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN_BEFORE = sa.text("state IN ('requested', 'taken')")
OPEN = sa.text("state IN ('requested', 'queued', 'offered', 'active')")


def upgrade() -> None:
    op.drop_index("uq_handovers_open", table_name="handovers")
    for column in _new_columns():
        op.add_column("handovers", column)
    op.execute("UPDATE handovers SET state = 'closed' WHERE state = 'taken'")
    _index_of_open(OPEN)
    op.create_table(
        "desk_counter",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desk_counter"),
    )
    op.execute("INSERT INTO desk_counter (id, value) VALUES (1, 0)")
    op.create_table(
        "desk_agents",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("teams", sa.JSON(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("free_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("viewing", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_desk_agents"),
    )
    op.create_table(
        "handover_events",
        sa.Column("id", sa.Integer(), nullable=False),
        _of("handovers", "handover_events", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=True),
        sa.Column("agent_name", sa.String(128), nullable=False),
        sa.Column("detail", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_handover_events"),
    )
    op.create_index("ix_handover_events_handover_id", "handover_events", ["handover_id"])
    op.create_table(
        "desk_notes",
        sa.Column("id", sa.String(32), nullable=False),
        _of("conversations", "desk_notes", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_by(nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desk_notes"),
    )
    op.create_index("ix_desk_notes_conversation_id", "desk_notes", ["conversation_id"])
    op.create_table(
        "annotations",
        sa.Column("id", sa.String(32), nullable=False),
        _of("conversations", "annotations", nullable=False),
        _of("handovers", "annotations", nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_by(nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("intent", sa.String(128), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_annotations"),
    )
    op.create_index("ix_annotations_conversation_id", "annotations", ["conversation_id"])
    op.create_index("ix_annotations_at", "annotations", ["at"])
    op.create_table(
        "callbacks",
        sa.Column("id", sa.String(32), nullable=False),
        _of("conversations", "callbacks", nullable=False),
        _of("handovers", "callbacks", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("slot_id", sa.String(64), nullable=False),
        sa.Column("slot_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slot_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("dialled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *_by(nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_callbacks"),
    )
    op.create_index("ix_callbacks_conversation_id", "callbacks", ["conversation_id"])
    op.create_index("ix_callbacks_state_due_at", "callbacks", ["state", "due_at"])
    op.create_table(
        "desk_messages",
        sa.Column("id", sa.String(32), nullable=False),
        _of("conversations", "desk_messages", nullable=False),
        _of("handovers", "desk_messages", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        *_by(nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desk_messages"),
    )
    op.create_index("ix_desk_messages_conversation_id", "desk_messages", ["conversation_id"])
    op.create_index("ix_desk_messages_state_received_at", "desk_messages", ["state", "received_at"])


def _new_columns() -> tuple[sa.Column[Any], ...]:
    """The defaults are for the requests of before only; whatever is written later names its values."""
    return (
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("front", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("team", sa.String(64), nullable=False, server_default=""),
        sa.Column("skills", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("agent_id", sa.String(64), nullable=True),
        sa.Column("agent_name", sa.String(128), nullable=False, server_default=""),
        sa.Column("declined", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("refusal", sa.String(16), nullable=True),
        sa.Column("ending", sa.String(16), nullable=True),
        sa.Column("through_turn", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("place_given", sa.Integer(), nullable=True),
        sa.Column("wait_given_seconds", sa.Integer(), nullable=True),
    )


def _of(parent: str, table: str, *, nullable: bool) -> sa.Column[str]:
    """The reference to what the row is erased with."""
    name = parent.removesuffix("s") + "_id"
    reference = sa.ForeignKey(f"{parent}.id", name=f"fk_{table}_{name}_{parent}", ondelete="CASCADE")
    return sa.Column(name, sa.String(32), reference, nullable=nullable)


def _by(*, nullable: bool) -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("agent_id", sa.String(64), nullable=nullable),
        sa.Column("agent_name", sa.String(128), nullable=False),
    )


def _index_of_open(condition: sa.TextClause) -> None:
    op.create_index(
        "uq_handovers_open",
        "handovers",
        ["conversation_id"],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def downgrade() -> None:
    for table in (
        "desk_messages", "callbacks", "annotations", "desk_notes", "handover_events", "desk_agents", "desk_counter",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("uq_handovers_open", table_name="handovers")
    op.execute("UPDATE handovers SET state = 'requested' WHERE state IN ('queued', 'offered')")
    op.execute("UPDATE handovers SET state = 'taken' WHERE state = 'active'")
    op.execute(
        "UPDATE handovers SET state = 'closed' WHERE state IN ('wrap_up', 'left', 'refused', 'callback', 'message_left')"
    )
    with op.batch_alter_table("handovers") as batch:
        for column in _new_columns():
            batch.drop_column(column.name)
    _index_of_open(OPEN_BEFORE)
