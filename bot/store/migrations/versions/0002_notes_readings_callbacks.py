"""notes of a call, what else was heard, interruptions, numbers for callbacks"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_notes_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
    )
    op.create_index("ix_notes_conversation_id", "notes", ["conversation_id"])
    op.create_index("ix_conversations_started_at", "conversations", ["started_at"])
    # The defaults are for the turns of before only; whatever is written later names its values.
    op.add_column("turns", sa.Column("readings", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("turns", sa.Column("interrupted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("handovers", sa.Column("callback_number", sa.String(32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("handovers") as table:
        table.drop_column("callback_number")
    with op.batch_alter_table("turns") as table:
        table.drop_column("interrupted")
        table.drop_column("readings")
    op.drop_index("ix_conversations_started_at", table_name="conversations")
    op.drop_table("notes")
