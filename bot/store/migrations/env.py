"""Run by Alembic for each command, on the connection that `alembic_config` was given."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from bot.store.models import Base


def plain_types(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Writes our own types as SQL's: a migration must not change when the models do."""
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a column by copying its table
    render_item=plain_types,
)
with context.begin_transaction():
    context.run_migrations()
