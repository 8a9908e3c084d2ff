"""calls in the desk: who waits on the line, which agents take calls and where they are rung"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The defaults are for the rows of before only; whatever is written later names its values."""
    op.add_column("handovers", sa.Column("on_line", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("desk_agents", sa.Column("takes_calls", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("desk_agents", sa.Column("phone", sa.String(32), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("desk_agents") as batch:
        batch.drop_column("phone")
        batch.drop_column("takes_calls")
    with op.batch_alter_table("handovers") as batch:
        batch.drop_column("on_line")
