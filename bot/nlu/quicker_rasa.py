"""One thing done once instead of at every turn.

Rasa validates what the action server answers with `jsonschema.validate`, which first checks the constant schema
against its meta-schema: 70 of the 85 ms that a turn took beside the understanding. The schema is checked once
here; every answer is still validated against it.
"""

from __future__ import annotations

from typing import Any

from jsonschema.validators import validator_for  # type: ignore[import-untyped]  # it has no types
from rasa.core.actions.action import RemoteAction


def check_action_schema_once() -> None:
    """Replaces the method on Rasa's class; called when the channel is opened, so in the server only."""
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    checker = kind(schema)

    def validate(self: RemoteAction, result: dict[str, Any]) -> bool:
        checker.validate(result)
        return True

    RemoteAction._validate_action_result = validate
