"""a gateway that starts again: when one last looked who is at the desk"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("desk_counter", sa.Column("watched_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("desk_counter") as batch:
        batch.drop_column("watched_at")
