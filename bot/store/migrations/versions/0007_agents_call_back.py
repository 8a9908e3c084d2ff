"""agents call back: the request that a promise is being kept by"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("callbacks", sa.Column("call_id", sa.String(32), nullable=True))
    op.create_index("ix_callbacks_call_id", "callbacks", ["call_id"])


def downgrade() -> None:
    op.drop_index("ix_callbacks_call_id", "callbacks")
    with op.batch_alter_table("callbacks") as batch:
        batch.drop_column("call_id")
