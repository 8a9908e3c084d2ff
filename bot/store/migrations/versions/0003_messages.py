"""messages: the log of a chat, begun with the turns of the chats of before"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    messages = op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("client_id", sa.String(80), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("awaits", sa.String(16), nullable=True),
        sa.Column("helpful", sa.Boolean(), nullable=True),
        sa.Column("feedback_reason", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_messages_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("conversation_id", "seq", name="uq_messages_conversation_id_seq"),
        sa.UniqueConstraint("conversation_id", "client_id", name="uq_messages_conversation_id_client_id"),
    )
    _turns_to_messages(messages)


def _turns_to_messages(messages: sa.Table) -> None:
    """Turn n of a chat was shown as message 2n-1, what the visitor sent, and message 2n, what was answered."""
    names = ("conversation_id", "number", "at", "heard", "spoken", "outcome")
    turns = sa.table("turns", *(sa.column(name) for name in names))
    conversations = sa.table("conversations", sa.column("id"), sa.column("token_digest"))
    chats = turns.join(conversations, conversations.c.id == turns.c.conversation_id)
    columns = ["conversation_id", "seq", "at", "kind", "text", "turn", "detail"]
    handed_over = turns.c.outcome == "handover"
    shown: list[tuple[Any, str, Any, dict[str, str], Any]] = [
        (2 * turns.c.number - 1, "person", turns.c.heard, {}, sa.true()),
        (2 * turns.c.number, "reply", sa.literal(""), {}, sa.not_(handed_over)),
        (2 * turns.c.number, "handover", turns.c.spoken, {"state": "requested"}, handed_over),
    ]
    for seq, kind, text, detail, condition in shown:
        rows = (
            sa.select(
                turns.c.conversation_id,
                seq,
                turns.c.at,
                sa.literal(kind),
                text,
                turns.c.number,
                sa.literal(detail, sa.JSON()),
            )
            .select_from(chats)
            .where(conversations.c.token_digest.is_not(None), condition)
        )
        op.execute(messages.insert().from_select(columns, rows))


def downgrade() -> None:
    op.drop_table("messages")
